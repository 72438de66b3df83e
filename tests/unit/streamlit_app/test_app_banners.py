import pytest
from streamlit.testing.v1 import AppTest

from song_preference.run_options import ETL_DAG, TRAINING_DAG
from streamlit_app import data
from streamlit_app.i18n import Locale
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
    assert [found.value for found in page.info] == [TEXTS["no_champion_banner"]["en"]]
    assert [found.value for found in page.warning] == [TEXTS["missing_model"]["en"]]
    page.button(key="start_from_banner").click().run()
    assert platform.airflow.conf == {}
    assert TEXTS["pipeline_at_work"]["en"] in [found.value for found in page.info]
    assert not has_start(page)
    platform.airflow.runs[ETL_DAG][-1].state = "failed"
    assert has_start(page.run())


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
    assert page.info[0].value == TEXTS["no_champion_banner"]["en"]
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
