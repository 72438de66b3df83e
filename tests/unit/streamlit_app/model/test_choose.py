import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from song_preference.dataset.version import DatasetVersion
from streamlit_app import data
from streamlit_app.components import plain
from streamlit_app.data.playlist import list_names
from streamlit_app.i18n import LANGUAGES, Language, Locale
from tests.support.dashboard import PAGE, TEXTS, Open, Platform


@pytest.fixture
def second(second: DatasetVersion, platform: Platform) -> DatasetVersion:
    """The same, as the list of the champion, which replaced version 1."""
    platform.registry.promote("2")
    platform.registry.described_as["2"]["replaced"] = "1"
    data.predictor().store.refresh()
    return second


def test_the_previous_champion_is_back_after_a_confirmation_that_says_what_changes(
    platform: Platform, second: DatasetVersion, dataset: DatasetVersion, open_page: Open
) -> None:
    page = open_page("model", "es")
    page.button(key="model_back").click().run()
    text = " ".join(found.value for found in page.markdown)
    assert f"«{plain('playlist (25 nov 2026, 10:00)')}»" in text
    assert f"«{plain('Verano [2026] (27 nov 2026, 10:00)')}»" in text
    (metrics,) = page.table
    assert metrics.value.columns.tolist() == ["Versión 2", "Versión 1"]
    assert metrics.value.loc["ROC AUC", "Versión 1"] == "0,889 (de 0,845 a 0,932)"
    page.button(key="model_confirm").click().run()
    assert not page.exception
    assert data.predictor().store.current().model.ref.dataset_version == dataset.version
    assert platform.airflow.announced == 1
    assert "playlist" in page.sidebar.caption[0].value


def test_nothing_is_changed_if_another_version_became_the_champion_meanwhile(
    platform: Platform, second: DatasetVersion, open_page: Open, graph: bytes
) -> None:
    page = open_page("model", "es")
    page.button(key="model_back").click().run()
    platform.registry.register("3", graph, second.version)
    page.button(key="model_confirm").click().run()
    assert [found.value for found in page.warning] == [TEXTS["model_changed"]["es"]]
    assert platform.registry.ref is not None
    assert platform.registry.ref.version == "3"


def test_nothing_changes_without_the_confirmation(second: DatasetVersion, open_page: Open) -> None:
    page = open_page("model", "en")
    page.button(key="model_back").click().run()
    page.button(key="model_cancel").click().run()
    assert "model_confirm" not in [button.key for button in page.button]
    assert data.predictor().store.current().model.ref.version == "2"


def test_any_other_version_can_be_chosen(second: DatasetVersion, open_page: Open) -> None:
    page = open_page("model", "en")
    other = page.selectbox(key="model_version")
    assert other.options == ["1 · playlist (25 Nov 2026, 10:00)"]
    assert page.button(key="model_use").disabled
    other.set_value("1").run()
    page.button(key="model_use").click().run()
    page.button(key="model_confirm").click().run()
    assert data.predictor().store.current().model.ref.version == "1"


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_champion_any_version_can_be_chosen_with_a_word_on_what_becomes_of_it(
    platform: Platform, second: DatasetVersion, open_page: Open, language: Language
) -> None:
    platform.registry.ref = data.predictor().store.served = None
    page, locale = open_page("model", language), Locale(language, TEXTS)
    assert "model_back" not in [button.key for button in page.button]
    page.selectbox(key="model_version").set_value("2").run()
    page.button(key="model_use").click().run()
    names = list_names(locale)
    said = locale("model_confirm_first", then="2", then_list=plain(names[second.version]))
    assert said in [found.value for found in page.markdown]
    (metrics,) = page.table
    assert metrics.value.columns.tolist() == [locale("model_version", version="2")]
    page.button(key="model_confirm").click().run()
    assert not page.exception
    assert data.predictor().store.current().model.ref.version == "2"
    assert TEXTS["no_champion_banner"][language] not in [found.value for found in page.info]


@pytest.mark.parametrize(("asked", "chosen"), [("1", "1"), ("2", None), ("99", None), ("x" * 9999, None)])
def test_the_address_names_the_version_that_is_chosen(second: DatasetVersion, asked: str, chosen: str | None) -> None:
    page = AppTest.from_string(PAGE.format(name="model", language="es"), default_timeout=30)
    page.query_params["version"] = asked
    assert page.run().selectbox(key="model_version").value == chosen
    assert not page.exception


def test_a_chosen_version_that_became_the_champion_is_no_longer_chosen(
    platform: Platform, second: DatasetVersion, open_page: Open
) -> None:
    page = open_page("model", "es")
    page.selectbox(key="model_version").set_value("1").run()
    platform.registry.promote("1")
    st.cache_data.clear()
    page.run()
    assert not page.exception
    assert page.selectbox(key="model_version").value is None


def test_a_service_that_is_away_is_named_in_the_confirmation(
    platform: Platform, second: DatasetVersion, open_page: Open
) -> None:
    page = open_page("model", "es")
    page.button(key="model_back").click().run()
    platform.take_down("rest")
    page.button(key="model_confirm").click().run()
    assert not page.exception
    assert "REST no responde" in page.error[0].value
    assert platform.registry.ref is not None
    assert platform.registry.ref.version == "2"


def test_who_may_only_predict_has_no_choice(
    second: DatasetVersion, open_page: Open, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("MANAGE_DATASETS", "false")
    data.settings.clear()
    page = open_page("model", "es")
    assert not {"model_back", "model_use"} & {button.key for button in page.button}
