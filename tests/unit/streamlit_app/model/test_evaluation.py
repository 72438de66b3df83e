import pytest
from pyarrow import ipc
from streamlit.testing.v1 import AppTest

from song_preference.errors import RegistryUnavailable
from song_preference.evaluation import Evaluation
from streamlit_app.i18n import LANGUAGES, Language
from tests.support.dashboard import TEXTS, Open, Platform
from tests.support.model_page import EVALUATION, HISTORY, MEASURED, charts, headings


def counts(page: AppTest) -> list[int]:
    """The confusion matrix: true positives, false negatives, false positives, true negatives."""
    tables = (ipc.open_stream(chart.proto.data.data).read_pandas() for chart in page.get("vega_lite_chart"))
    return next(list(table["songs"]) for table in tables if "is_right" in table)


def expected(evaluation: Evaluation, threshold: float) -> list[int]:
    pairs = list(zip(evaluation.labels, evaluation.model, strict=True))
    return [
        sum(label == said and (given >= threshold) == recommended for label, given in pairs)
        for said in (1, 0)
        for recommended in (True, False)
    ]


def test_the_slider_begins_at_the_models_own_threshold_and_shows_what_another_does(
    with_evaluation: Platform, open_page: Open
) -> None:
    page = open_page("model", "es")
    assert page.select_slider[0].value == EVALUATION.threshold
    assert counts(page) == expected(EVALUATION, EVALUATION.threshold)
    page.select_slider[0].set_value(0.8).run()
    assert counts(page) == expected(EVALUATION, 0.8) != expected(EVALUATION, EVALUATION.threshold)
    page.button(key="model_threshold_back").click().run()
    assert page.select_slider[0].value == EVALUATION.threshold
    assert counts(page) == expected(EVALUATION, EVALUATION.threshold)


def test_a_threshold_that_nothing_reaches_is_no_error(with_evaluation: Platform, open_page: Open) -> None:
    page = open_page("model", "en")
    page.select_slider[0].set_value(1.0).run()
    assert not page.exception
    assert counts(page) == expected(EVALUATION, 1.0)
    assert "—" in [metric.value for metric in page.metric]


def test_a_challenger_stands_beside_the_champion_and_has_curves_of_its_own(
    with_challenger: Platform, open_page: Open
) -> None:
    page = open_page("model", "en")
    assert {"Version 1", "Version 2"} <= set(headings(page))
    table = page.dataframe[0].value
    assert list(zip(table["Version"], table["Role"], strict=True)) == [("2", "Challenger"), ("1", "Champion")]
    page.button_group[0].set_value("challenger").run()
    assert page.select_slider[0].value == 0.6
    assert counts(page) == expected(with_challenger.registry.evaluations["run2"], 0.6)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_champion_from_before_says_that_it_has_no_curves(
    platform: Platform, open_page: Open, language: Language
) -> None:
    page = open_page("model", language)
    assert [note.value for note in page.info] == [TEXTS["model_curves_missing"][language]]
    assert not page.select_slider
    assert charts(page) == MEASURED + HISTORY
    assert page.dataframe
    assert page.expander


def test_without_artifacts_only_the_curves_are_missing(
    with_evaluation: Platform, open_page: Open, environment: pytest.MonkeyPatch
) -> None:
    def away(run_id: str) -> None:
        raise RegistryUnavailable(run_id)

    environment.setattr(with_evaluation.registry, "evaluation", away)
    page = open_page("model", "es")
    assert [warning.value for warning in page.warning] == [TEXTS["missing_registry"]["es"]]
    assert TEXTS["model_card"]["es"] in headings(page)
    assert page.dataframe
    assert charts(page) == MEASURED + HISTORY
