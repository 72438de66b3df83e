"""The page "explore", and what it computes."""

import httpx
import pytest
from streamlit.testing.v1 import AppTest

from song_preference.dataset.version import DatasetVersion, Source
from song_preference.features import FEATURES, LABEL, LIKE
from song_preference.messages import Message
from streamlit_app.data import ANSWERS, playlist
from streamlit_app.explore.page import facts, origin
from streamlit_app.i18n import LANGUAGES, Language, Locale
from tests.support.dashboard import PAGE, TEXTS, Open, Platform
from tests.support.datasets import describe_anew

SPANISH, ENGLISH = Locale("es", TEXTS), Locale("en", TEXTS)
SECTIONS = ["explore_distributions", "explore_correlations", "explore_plane", "explore_table"]
CHARTS = len(FEATURES) + 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_shown(platform: Platform, dataset: DatasetVersion, open_page: Open, language: Language) -> None:
    page, locale = open_page("explore", language), Locale(language, TEXTS)
    kept = dataset.preparation.rows_kept
    assert [header.value for header in page.header] == [TEXTS[key][language] for key in SECTIONS]
    assert [header.value for header in page.subheader] == [TEXTS[feature][language] for feature in FEATURES]
    assert len(page.get("vega_lite_chart")) == CHARTS
    assert locale("explore_intro", name="playlist", songs=kept) in [text.value for text in page.markdown]
    assert locale("explore_left", left=kept, songs=kept) in [text.value for text in page.markdown]
    assert dataset.source.sha256 in page.expander[0].markdown[0].value


@pytest.mark.parametrize("language", LANGUAGES)
def test_rows_that_are_no_songs_of_their_own_are_counted(
    platform: Platform, dataset: DatasetVersion, open_page: Open, language: Language
) -> None:
    kept = dataset.preparation.rows_kept
    describe_anew(platform.objects, dataset.version, lambda said: said["preparation"].update(rows_raw=kept + 14))
    expected = Locale(language, TEXTS)("explore_intro_of_rows", name="playlist", songs=kept, rows=kept + 14)
    assert expected in [text.value for text in open_page("explore", language).markdown]


def test_the_table_holds_what_is_chosen(platform: Platform, dataset: DatasetVersion, open_page: Open) -> None:
    page, found = open_page("explore", "en"), dataset.preparation
    page.button_group(key="explore_label").set_value(LIKE).run()
    assert f"**{found.likes} of {found.rows_kept} songs**" in [text.value for text in page.markdown]
    page.selectbox(key="explore_order").set_value("energy").run()
    shown = page.dataframe[0].value
    assert set(shown[LABEL]) == {"Like"}
    assert shown["energy"].is_monotonic_decreasing


def test_axes_and_filters_come_from_the_address_and_return_to_it(platform: Platform) -> None:
    asked = {"x": "acousticness", "y": "energy", "label": LIKE, "order": "energy", "energy": "0.5-0.9"}
    page = AppTest.from_string(PAGE.format(name="explore", language="es"), default_timeout=30)
    for name, value in asked.items():
        page.query_params[name] = value
    page.run()
    chosen = [page.selectbox(key=f"explore_{name}").value for name in ("x", "y", "order")]
    assert chosen == ["acousticness", "energy", "energy"]
    assert page.select_slider(key="explore_energy").value == (0.5, 0.9)
    found = page.dataframe[0].value
    assert set(found[LABEL]) == {"Te gusta"}
    assert found["energy"].between(0.5, 0.9).all()
    scripts = [str(getattr(element, "value", "")) for element in page.get("html")]
    written = next(script for script in reversed(scripts) if "history." in script)
    assert all(f"{name}={value}" in written for name, value in asked.items())


def test_a_song_is_taken_to_predict_by_its_name(platform: Platform, open_page: Open) -> None:
    page = open_page("explore", "en")
    page.selectbox(key="explore_order").set_value("energy").run()
    highest = page.dataframe[0].value.iloc[0]
    choice = page.selectbox(key="explore_take_one")
    assert choice.options[0].startswith("1. ")
    assert len(choice.options[0]) < 40, choice.options[0]
    choice.set_value(0).run()
    assert page.session_state["song_energy"] == pytest.approx(highest["energy"], abs=0.005)


def test_where_nothing_is_left_the_page_says_what_to_do(platform: Platform, open_page: Open) -> None:
    page = open_page("explore", "es")
    for feature in FEATURES:
        page.select_slider(key=f"explore_{feature}").set_value((1.0, 1.0))
    page.run()
    assert TEXTS["explore_none"]["es"] in [text.value for text in page.info]
    assert not page.dataframe


def test_a_feature_is_not_held_against_itself(platform: Platform, open_page: Open) -> None:
    page = open_page("explore", "en")
    taken = page.selectbox(key="explore_y").value
    page.selectbox(key="explore_x").set_value(taken).run()
    assert not page.exception
    assert page.selectbox(key="explore_y").value != taken
    assert len(page.get("vega_lite_chart")) == CHARTS


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_rest_it_says_so(platform: Platform, open_page: Open, language: Language) -> None:
    platform.rest_is_down = True
    page = open_page("explore", language)
    assert [text.value for text in page.warning] == [TEXTS["missing_data"][language]]
    assert not page.header


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_s3_it_says_so(platform: Platform, open_page: Open, language: Language) -> None:
    platform.objects.is_down = True
    page = open_page("explore", language)
    assert [text.value for text in page.warning] == [TEXTS["missing_storage"][language]]


def test_without_a_dataset_it_says_so(platform: Platform, open_page: Open) -> None:
    platform.objects.contents.clear()
    assert [text.value for text in open_page("explore", "es").warning] == [TEXTS["missing_dataset"]["es"]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_model_songs_are_shown_all_the_same(platform: Platform, open_page: Open, language: Language) -> None:
    platform.registry.is_down = True
    page = open_page("explore", language)
    assert TEXTS["missing_model"][language] in [text.value for text in page.warning]
    assert [header.value for header in page.header] == [TEXTS[key][language] for key in SECTIONS]
    assert len(page.get("vega_lite_chart")) == CHARTS


@pytest.mark.parametrize("language", LANGUAGES)
def test_songs_are_held_against_models_that_did_not_know_them(
    platform: Platform, dataset: DatasetVersion, open_page: Open, language: Language
) -> None:
    songs = playlist.table(dataset.version, "features")
    answered = songs.assign(probability=0.7, predicted=1).iloc[: len(songs) // 2]
    platform.registry.songs_of_run[""] = answered.to_parquet()
    missed, known = int((answered[LABEL] == 0).sum()), len(answered)
    text = Locale(language, TEXTS)("explore_missed", missed=missed, songs=known, share=missed / known)
    assert text in [found.value for found in open_page("explore", language).markdown]


def test_a_song_is_taken_from_where_the_model_is_wrong(
    platform: Platform, dataset: DatasetVersion, open_page: Open
) -> None:
    songs = playlist.table(dataset.version, "features")
    platform.registry.songs_of_run[""] = songs.assign(probability=0.7, predicted=1).to_parquet()
    page = open_page("explore", "en")
    page.toggle(key="explore_wrong").set_value(True).run()
    assert set(page.dataframe[0].value[LABEL]) == {"Dislike"}
    assert set(ANSWERS).isdisjoint(page.dataframe[0].value)
    first = page.dataframe[0].value.iloc[0]
    page.selectbox(key="explore_take_one").set_value(0).run()
    assert page.session_state["song_energy"] == pytest.approx(first["energy"], abs=0.005)


def test_airflow_is_not_needed(platform: Platform, open_page: Open) -> None:
    platform.airflow.broken = httpx.ConnectError("refused")
    page = open_page("explore", "es")
    assert not page.warning
    assert len(page.get("vega_lite_chart")) == CHARTS


def test_of_a_long_playlist_a_part_is_shown_and_named(
    platform: Platform, dataset: DatasetVersion, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = playlist.table(dataset.version, "scaled")
    monkeypatch.setattr("streamlit_app.explore.page.table", lambda *_: whole.head(50))
    page = open_page("explore", "en")
    expected = ENGLISH("explore_part", shown=50, songs=dataset.preparation.rows_kept)
    assert expected in [text.value for text in page.info]


def test_how_the_file_was_read_is_reported_in_the_language(dataset: DatasetVersion) -> None:
    stored = Message("index_column_left_out").stored()
    update = {"readings": [str(stored)], "normalisations": [stored]}
    songs = dataset.preparation.model_copy(update=update)
    found = facts(dataset.model_copy(update={"preparation": songs}), SPANISH)
    assert found[SPANISH("explore_readings")] == "se deja fuera una columna que solo numera las filas"
    older = dataset.preparation.model_copy(update={**update, "normalisations": []})
    found = facts(dataset.model_copy(update={"preparation": older}), SPANISH)
    assert found[SPANISH("explore_readings")] == str(stored)


def test_facts_name_source_and_split(dataset: DatasetVersion) -> None:
    found = facts(dataset, SPANISH)
    assert found["Filas"] == "750 leídas, ninguna repetida"
    assert found["Origen"] == dataset.source.uri
    assert found["Reparto"].startswith(f"{dataset.split.train} para aprender, {dataset.split.test} (30")


def test_repeated_rows_are_counted(dataset: DatasetVersion) -> None:
    songs = dataset.preparation.model_copy(update={"rows_raw": dataset.preparation.rows_kept + 1014})
    found = facts(dataset.model_copy(update={"preparation": songs}), ENGLISH)
    assert found["Rows"] == "1,764 read; 1,014 repeated or unusable ones are left out; 750 remain"


def test_an_origin_is_reported_in_plain_words() -> None:
    digest = "1476ef3c" * 8
    uploaded = Source(kind="s3", uri=f"s3://data/incoming/{digest[:32]}.csv", sha256=digest, size_bytes=1)
    assert origin(uploaded, ENGLISH) == "From a playlist uploaded here"
    assert origin(uploaded.model_copy(update={"uri": "s3://data/mine.csv"}), ENGLISH) == "From the S3 store: `mine.csv`"
    assert origin(uploaded.model_copy(update={"kind": "drive"}), SPANISH) == "De Google Drive"
