import pytest
from streamlit.testing.v1 import AppTest

from song_preference.dataset.version import DatasetVersion
from song_preference.messages import Message
from song_preference.run_options import ETL_DAG, TRAINING_DAG
from streamlit_app import data
from streamlit_app.components import plain
from streamlit_app.i18n import LANGUAGES, Language, Locale
from tests.support.airflow import FakeRun
from tests.support.dashboard import TEXTS, Open, Platform

ENGLISH = Locale("en", TEXTS)


def shown(page: AppTest) -> list[str]:
    return [element.value for element in [*page.header, *page.subheader, *page.markdown, *page.caption]]


def has_start(page: AppTest) -> bool:
    """Whether a banner offers the first run."""
    return "start_from_banner" in [button.key for button in page.button]


def test_without_a_champion_the_pipeline_can_be_started(
    platform: Platform, open_page: Open, registry_without_champion: None
) -> None:
    page = open_page("predict", "en")
    assert [found.value for found in page.info] == [TEXTS["no_version_banner"]["en"]]
    assert [found.value for found in page.warning] == [TEXTS["missing_model"]["en"]]
    page.button(key="start_from_banner").click().run()
    assert platform.airflow.conf == {}
    assert TEXTS["pipeline_at_work"]["en"] in [found.value for found in page.info]
    assert not has_start(page)
    platform.airflow.runs[ETL_DAG][-1].state = "failed"
    assert has_start(page.run())


@pytest.mark.parametrize("language", LANGUAGES)
def test_versions_without_a_champion_are_not_called_none_and_the_way_to_them_is_there(
    platform: Platform, open_page: Open, language: Language
) -> None:
    platform.registry.ref = None
    page = open_page("predict", language)
    assert [found.value for found in page.info] == [TEXTS["no_champion_banner"][language]]
    assert page.button(key="model_from_banner").label == TEXTS["page_model"][language]
    assert has_start(page)
    assert "model_from_banner" not in [button.key for button in open_page("model", language).button]


@pytest.mark.parametrize("dag_id", [ETL_DAG, TRAINING_DAG])
@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_first_run_that_somebody_started_is_not_started_twice(
    platform: Platform, open_page: Open, registry_without_champion: None, dag_id: str, state: str
) -> None:
    page = open_page("predict", "es")
    platform.airflow.runs[dag_id].append(FakeRun("other", "2026-11-25T09:00:00+00:00", state))
    page.button(key="start_from_banner").click().run()
    assert platform.airflow.conf is None
    assert TEXTS["pipeline_at_work"]["es"] in [found.value for found in page.info]
    assert not has_start(page)


def test_without_a_champion_and_without_airflow_the_cause_is_named(
    platform: Platform, open_page: Open, registry_without_champion: None
) -> None:
    page = open_page("predict", "en")
    platform.take_down("airflow")
    page.button(key="start_from_banner").click().run()
    assert page.warning[0].value == TEXTS["missing_airflow"]["en"]
    assert not has_start(page)


def test_with_a_champion_no_banner_asks_airflow(platform: Platform, open_page: Open) -> None:
    assert not has_start(open_page("predict", "en"))
    assert not platform.airflow.paths


def test_where_the_platform_only_predicts_no_banner_starts_it(
    platform: Platform, open_page: Open, registry_without_champion: None, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("MANAGE_DATASETS", "false")
    page = open_page("predict", "en")
    assert page.info[0].value == TEXTS["no_version_banner"]["en"]
    assert not has_start(page)
    assert not platform.airflow.paths


def test_without_a_champion_and_without_mlflow_the_cause_is_named(
    platform: Platform, open_page: Open, registry_without_champion: None
) -> None:
    platform.registry.is_down = True
    page = open_page("predict", "en")
    assert page.warning[0].value == TEXTS["no_registry_banner"]["en"]


def test_a_stale_model_answers_and_says_so(platform: Platform, open_page: Open) -> None:
    open_page("predict", "en")
    platform.registry.is_down = True
    with pytest.raises(Exception, match="down"):
        data.predictor().store.refresh()
    page = open_page("predict", "en")
    assert page.warning[0].value == ENGLISH("stale_banner", version="1")
    assert "You will like it" in shown(page) or "You will not like it" in shown(page)


def test_a_model_whose_alias_is_gone_is_stale_while_mlflow_answers(platform: Platform, open_page: Open) -> None:
    open_page("predict", "en")
    platform.registry.ref = None
    assert data.predictor().store.refresh() == "missing"
    told = open_page("predict", "en").warning[0].value
    assert told == ENGLISH("stale_banner", version="1")
    assert "answer" not in told


REASON = Message("another_listener", {"version": "2", "champion": "1", "shared": 0, "songs": 750})


@pytest.fixture
def second(second: DatasetVersion, platform: Platform) -> DatasetVersion:
    """The same, with a model that was not promoted."""
    platform.registry.described_as["2"]["reason"] = REASON
    return second


def proposed(page: AppTest) -> list[str]:
    """The banners of a newer list."""
    return [found.value for found in page.info if "Verano" in found.value]


def test_every_page_names_the_list_that_the_champion_learned_from(
    dataset: DatasetVersion, second: DatasetVersion, open_page: Open
) -> None:
    page = open_page("explore", "es")
    own = Locale("es", TEXTS)("own_list", name="playlist", moment=dataset.created_at)
    assert [text.value for text in page.sidebar.caption] == [own]
    assert dataset.version in page.expander[0].markdown[0].value
    assert second.version not in page.expander[0].markdown[0].value


def test_a_newer_list_that_is_not_in_use_is_proposed_with_the_reason(second: DatasetVersion, open_page: Open) -> None:
    (banner,) = proposed(open_page("predict", "es"))
    assert "Verano \\[2026\\]" in banner
    assert plain("Comparte 0 de 750 canciones") in banner


def test_any_other_reason_is_the_promotions(platform: Platform, second: DatasetVersion, open_page: Open) -> None:
    reason = Message("cannot_be_loaded")
    platform.registry.described_as["2"]["reason"] = reason
    assert plain(reason.text("en")) in proposed(open_page("predict", "en"))[0]


def test_a_newer_list_can_be_used_anyway(platform: Platform, second: DatasetVersion, open_page: Open) -> None:
    page = open_page("predict", "es")
    page.button(key="newer_use").click().run()
    assert not page.exception
    assert data.predictor().store.current().model.ref.dataset_version == second.version
    assert not proposed(page)
    assert "Verano" in page.sidebar.caption[0].value


def test_the_present_list_can_be_kept_for_good(platform: Platform, second: DatasetVersion, open_page: Open) -> None:
    page = open_page("predict", "es")
    page.button(key="newer_keep").click().run()
    assert not proposed(page)
    assert not proposed(open_page("explore", "es"))
    assert data.predictor().store.current().model.ref.version == "1"


def test_what_was_rolled_back_is_named_as_the_reason(
    platform: Platform, second: DatasetVersion, open_page: Open
) -> None:
    platform.registry.described_as["2"]["is_rolled_back"] = True
    assert plain(TEXTS["newer_rolled_back"]["en"]) in proposed(open_page("predict", "en"))[0]


@pytest.mark.parametrize("service", ["mlflow", "s3", "rest"])
def test_a_newer_list_is_not_spoken_of_while_a_service_is_away(
    platform: Platform, second: DatasetVersion, open_page: Open, service: str
) -> None:
    platform.take_down(service)
    page = open_page("songs", "es")
    assert not page.exception
    assert not proposed(page)


def test_a_model_that_is_still_trained_proposes_nothing(
    platform: Platform, second: DatasetVersion, open_page: Open
) -> None:
    platform.registry.described_as["2"]["reason"] = None
    assert not proposed(open_page("predict", "es"))


def test_who_may_only_predict_is_proposed_nothing(
    second: DatasetVersion, open_page: Open, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("MANAGE_DATASETS", "false")
    data.settings.clear()
    page = open_page("predict", "es")
    assert not proposed(page)
    assert not page.sidebar.caption
