"""The page "model", drawn with everything up and with parts of it missing."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from pyarrow import ipc
from streamlit.testing.v1 import AppTest

from song_preference.errors import RegistryUnavailable
from song_preference.evaluation import LEFT_OUT, TEST_TABLE, Answers, Evaluation, Importance, Interval, read_evaluation
from song_preference.features import FEATURES
from song_preference.messages import Message
from song_preference.prediction import RegisteredVersion
from song_preference.serving.versions import DescribedVersion
from song_preference.training.candidates import CANDIDATES
from streamlit_app.i18n import LANGUAGES, Language, Locale
from streamlit_app.model.charts import interval_text
from streamlit_app.model.page import below_headings, dataset, in_roles, kind, source, version_rows
from tests.support.dashboard import TEXTS, Open, Platform

CURVES, THRESHOLD, MEASURED, HISTORY = 4, 2, 8, 1
"""The charts of each section."""


def evaluated(seed: int, threshold: float) -> Evaluation:
    """Return an evaluation on 60 songs, as version 0.1 stored it."""
    random = np.random.default_rng(seed)
    probability = random.random(60)
    labels = (random.random(60) < probability).astype(int)
    answers = Answers.model_validate(
        {
            "labels": tuple(labels.tolist()),
            "model": tuple(probability.tolist()),
            "baseline": tuple(random.random(60).tolist()),
            "threshold": threshold,
            "importances": tuple(
                Importance(feature=feature, mean=0.1 * at, std=0.01) for at, feature in enumerate(FEATURES)
            ),
        }
    )
    return read_evaluation(answers.model_dump_json().encode())


EVALUATION = evaluated(1, 0.375)


@pytest.fixture
def with_evaluation(platform: Platform) -> Platform:
    """The champion's training kept its answers."""
    platform.registry.evaluations["run1"] = EVALUATION
    return platform


@pytest.fixture
def with_challenger(with_evaluation: Platform, graph: bytes) -> Platform:
    """Version 2 as well, whose training kept its answers too."""
    with_evaluation.registry.graphs["2"] = graph
    with_evaluation.registry.challenger = "2"
    with_evaluation.registry.evaluations["run2"] = evaluated(2, 0.6)
    return with_evaluation


def headings(page: AppTest) -> list[str]:
    return [heading.value for heading in (*page.header, *page.subheader)]


def charts(page: AppTest) -> int:
    return len(page.get("vega_lite_chart"))


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


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_champion_is_reported_measured_and_drawn(
    with_evaluation: Platform, open_page: Open, language: Language
) -> None:
    page, locale = open_page("model", language), Locale(language, TEXTS)
    assert not page.exception
    assert not page.info
    assert headings(page)[:6] == [
        locale("model_version", version="1"),
        *(locale(f"model_{name}") for name in ("metrics", "curves", "threshold", "versions", "card")),
    ]
    assert any(locale("model_about_extra_trees") in text.value for text in page.markdown)
    for address in ("models/spotify_model_prod/versions/1", "experiments/2/runs/run1"):
        link = f"(http://mlflow.example/#/{address}?workflowType=machine_learning)"
        assert any(link in text.value for text in page.markdown)
    assert any(locale("model_meaning_accuracy", hundredths=79) in text.value for text in page.markdown)
    assert charts(page) == CURVES + THRESHOLD + MEASURED + HISTORY
    assert list(page.dataframe[0].value["ROC AUC"]) == [locale("model_interval", value=0.889, low=0.845, high=0.932)]
    assert page.expander[0].markdown[0].value == "### Card of 1"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("evaluated_on", [TEST_TABLE, LEFT_OUT, None])
def test_a_version_says_of_which_model_and_songs_its_metrics_are(
    with_evaluation: Platform, open_page: Open, language: Language, evaluated_on: str | None
) -> None:
    with_evaluation.registry.evaluated_on = evaluated_on
    shown = [caption.value for caption in open_page("model", language).caption]
    for each in (TEST_TABLE, LEFT_OUT):
        assert (TEXTS[f"model_evaluated_on_{each}"][language] in shown) == (each == evaluated_on)


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


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_the_registry_it_says_so(with_evaluation: Platform, open_page: Open, language: Language) -> None:
    with_evaluation.registry.is_down = True
    page = open_page("model", language)
    assert not page.exception
    assert TEXTS["missing_registry"][language] in [warning.value for warning in page.warning]
    assert not headings(page)


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


def test_nothing_but_the_registry_is_needed(with_evaluation: Platform, open_page: Open) -> None:
    with_evaluation.take_down()
    with_evaluation.registry.is_down = False
    page = open_page("model", "es")
    assert not page.warning
    assert charts(page) == CURVES + THRESHOLD + MEASURED + HISTORY


def test_a_version_without_an_alias_is_no_champion(with_evaluation: Platform, open_page: Open) -> None:
    with_evaluation.registry.ref = None
    page = open_page("model", "es")
    assert TEXTS["model_no_champion"]["es"] in [note.value for note in page.info]
    assert len(page.dataframe[0].value) == 1
    assert not page.expander


@pytest.mark.parametrize("candidate", CANDIDATES)
def test_every_kind_of_model_is_explained(candidate: str) -> None:
    assert {f"model_kind_{candidate}", f"model_about_{candidate}"} <= set(TEXTS)


COMPARED = {
    "en": "No better than a plain logistic regression on these songs: ROC AUC differs by +0.004 (-0.010 to +0.018), "
    "Brier score by -0.002 (-0.010 to +0.006) and log loss by -0.030 (-0.061 to +0.002).",
    "es": "No es mejor que una regresión logística sencilla con estas canciones: su ROC AUC difiere en +0,004 (de "
    "-0,010 a +0,018), su puntuación de Brier en -0,002 (de -0,010 a +0,006) y su pérdida logarítmica en -0,030 (de "
    "-0,061 a +0,002).",
}
NO_BETTER = {
    "roc_auc_difference": Interval(0.004, -0.01, 0.018),
    "brier_difference": Interval(-0.002, -0.01, 0.006),
    "log_loss_difference": Interval(-0.03, -0.061, 0.002),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_role_is_compared_with_the_simple_model(
    with_challenger: Platform, open_page: Open, environment: pytest.MonkeyPatch, language: Language
) -> None:
    challenger, champion = with_challenger.registry.described(2)
    versions = [replace(challenger, metrics=challenger.metrics | NO_BETTER), champion]
    environment.setattr(with_challenger.registry, "described", lambda _: versions)
    texts = [text.value for text in open_page("model", language).markdown]
    better = {"en": "**Champion:** Better than a plain", "es": "**Campeón:** Mejor que una regresión"}[language]
    assert len([text for text in texts if text.startswith(better)]) == 1
    assert f"**{TEXTS['model_challenger'][language]}:** {COMPARED[language]}" in texts


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_version_of_before_shows_the_metrics_that_it_has(
    with_evaluation: Platform, open_page: Open, environment: pytest.MonkeyPatch, language: Language
) -> None:
    (champion,) = with_evaluation.registry.described(1)
    metrics = {"roc_auc": AUC, "calibration_error": Interval(0.046, 0.044, 0.107)}
    environment.setattr(with_evaluation.registry, "described", lambda _: [replace(champion, metrics=metrics)])
    page = open_page("model", language)
    assert not page.exception
    assert charts(page) == CURVES + THRESHOLD + len(metrics) + HISTORY
    meaning = Locale(language, TEXTS)("model_meaning_calibration_error", hundredths=4.6)
    assert any(meaning in text.value for text in page.markdown)


SPANISH, ENGLISH = Locale("es", TEXTS), Locale("en", TEXTS)

CREATED = datetime(2026, 11, 25, 10, tzinfo=UTC)
AUC = Interval(0.889, 0.845, 0.932)


def version(number: str, *aliases: str, measured: Interval | None = AUC) -> DescribedVersion:
    registered = RegisteredVersion(number, CREATED, aliases, "abc", "file", 0.889)
    return DescribedVersion(
        registered, "run", "extra_trees", 0.5, {"roc_auc": measured} if measured else {}, Message(None)
    )


def test_champion_is_whoever_has_the_alias_that_is_served() -> None:
    found = [version("3", "champion"), version("2", "challenger"), version("1", "proven", "old")]
    roles = in_roles(found, "proven")
    assert {role: item.registered.version for role, item in roles.items()} == {"champion": "1", "challenger": "2"}
    assert list(roles) == ["champion", "challenger"]
    assert version_rows(found, roles, {}, ENGLISH)["role"].tolist() == ["other", "challenger", "champion"]
    assert in_roles([], "champion") == {}


def test_an_interval_is_written_in_the_language() -> None:
    assert interval_text(AUC, SPANISH) == "0,889 (de 0,845 a 0,932)"
    assert interval_text(AUC, ENGLISH) == "0.889 (0.845 to 0.932)"


def test_a_version_that_was_not_measured_has_a_row_without_an_interval() -> None:
    found = version_rows([version("2"), version("1", measured=None)], {}, {}, ENGLISH)
    assert found["shown"].tolist() == ["0.889 (0.845 to 0.932)", ""]
    assert found.dropna(subset="value")["low"].tolist() == [0.845]
    assert version_rows([version("1", measured=None)], {}, {}, ENGLISH).dropna(subset="value").empty


def test_what_was_not_noted_is_said() -> None:
    bare = replace(
        version("1"),
        candidate=None,
        registered=RegisteredVersion("1", CREATED, (), dataset_version=None, source_kind=None, roc_auc=None),
    )
    assert kind(bare, ENGLISH) == "Kind not recorded"
    assert kind(replace(bare, candidate="of_tomorrow"), ENGLISH) == "Kind not recorded"
    assert source(bare, ENGLISH) == "data that were not recorded"
    assert dataset(bare, {}, ENGLISH) == "—"


def test_made_up_songs_are_said() -> None:
    sample = replace(version("1"), registered=replace(version("1").registered, source_kind="sample"))
    assert source(sample, ENGLISH) == "sample songs, which are made up"
    assert dataset(sample, {}, ENGLISH) == "abc (sample)"
    assert dataset(sample, {"abc": "Mine"}, ENGLISH) == "Mine (sample)"


def test_headings_of_a_card_stand_below_those_of_the_page() -> None:
    card = "# One\ntext # no\n## Two\n```python\n# a comment\n```\n## Three"
    assert below_headings(card, 2) == ("### One\ntext # no\n#### Two\n```python\n# a comment\n```\n#### Three")
