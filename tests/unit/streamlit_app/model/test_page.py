"""The page "model", drawn with everything up and with parts of it missing."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from song_preference.evaluation import LEFT_OUT, TEST_TABLE, Interval
from song_preference.messages import MINUS, Message
from song_preference.prediction import RegisteredVersion
from song_preference.serving.versions import DescribedVersion
from song_preference.training.candidates import CANDIDATES
from streamlit_app.components import plain
from streamlit_app.data import models
from streamlit_app.i18n import LANGUAGES, Language, Locale
from streamlit_app.model.charts import interval_text
from streamlit_app.model.page import below_headings, dataset, in_roles, kind, source, version_rows
from tests.support.dashboard import TEXTS, Open, Platform
from tests.support.model_page import CURVES, HISTORY, MEASURED, THRESHOLD, charts, headings


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_champion_is_reported_measured_and_drawn(
    with_evaluation: Platform, open_page: Open, language: Language
) -> None:
    card = Message("no_champion_yet")
    with_evaluation.registry.described_as["1"] = {"card": card}
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
    assert page.expander[0].markdown[0].value == card.text(language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("evaluated_on", [TEST_TABLE, LEFT_OUT, None])
def test_a_version_says_of_which_model_and_songs_its_metrics_are(
    with_evaluation: Platform, open_page: Open, language: Language, evaluated_on: str | None
) -> None:
    with_evaluation.registry.evaluated_on = evaluated_on
    shown = [caption.value for caption in open_page("model", language).caption]
    for each in (TEST_TABLE, LEFT_OUT):
        assert (TEXTS[f"model_evaluated_on_{each}"][language] in shown) == (each == evaluated_on)


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_the_registry_it_says_so(with_evaluation: Platform, open_page: Open, language: Language) -> None:
    with_evaluation.registry.is_down = True
    page = open_page("model", language)
    assert not page.exception
    assert TEXTS["missing_registry"][language] in [warning.value for warning in page.warning]
    assert not headings(page)


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


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_newest_version_says_why_it_is_not_in_use(
    with_evaluation: Platform, open_page: Open, language: Language
) -> None:
    reason = Message("first_may_not_beat_majority", {"low": 0.44})
    with_evaluation.registry.described_as["1"] = {"reason": reason}
    assert not open_page("model", language).info
    with_evaluation.registry.ref = None
    models.versions.clear()
    said = Locale(language, TEXTS)("model_not_used", version="1", reason=plain(reason.text(language)))
    assert said in [note.value for note in open_page("model", language).info]


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
    assert f"**{TEXTS['model_challenger'][language]}:** {COMPARED[language].replace('-', MINUS)}" in texts


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
    registered = RegisteredVersion(
        version=number, created_at=CREATED, aliases=[*aliases], dataset_version="abc", source_kind="file", roc_auc=0.889
    )
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
        registered=version("1").registered.model_copy(
            update=dict.fromkeys(("dataset_version", "source_kind", "roc_auc"))
        ),
    )
    assert version_rows([bare], {}, {}, ENGLISH)["kind"].tolist() == ["Kind not recorded"]
    assert kind(bare, ENGLISH) == kind(replace(bare, candidate="of_tomorrow"), ENGLISH) == "unknown"
    assert source(bare, ENGLISH) == "data that were not recorded"
    assert dataset(bare, {}, ENGLISH) == "—"


def test_made_up_songs_are_said() -> None:
    sample = replace(version("1"), registered=version("1").registered.model_copy(update={"source_kind": "sample"}))
    assert source(sample, ENGLISH) == "sample songs, which are made up"
    assert dataset(sample, {}, ENGLISH) == "abc (sample)"
    assert dataset(sample, {"abc": "Mine"}, ENGLISH) == "Mine (sample)"


def test_headings_of_a_card_stand_below_those_of_the_page() -> None:
    card = "# One\ntext # no\n## Two\n```python\n# a comment\n```\n## Three"
    assert below_headings(card, 2) == ("### One\ntext # no\n#### Two\n```python\n# a comment\n```\n#### Three")
