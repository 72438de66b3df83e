"""The page "explore", and what it computes."""

import io

import httpx
import numpy as np
import pandas as pd
import pytest

from song_preference.dataset.spread import Histogram, Spread
from song_preference.dataset.version import DatasetVersion, ScalerRange, Source
from song_preference.features import DISLIKE, FEATURES, LABEL, LIKE
from song_preference.messages import Message
from song_preference.serving.model import ModelRef
from song_preference.serving.predictor import Batch
from streamlit_app import sources
from streamlit_app.charts.explore import correlations, distribution_rows
from streamlit_app.charts.explore_markup import details, proportion
from streamlit_app.charts.explore_scatter import SHOWN_SONGS, scatter_rows
from streamlit_app.charts.explore_shades import blend
from streamlit_app.charts.explore_surface import STEPS, Plane, Side
from streamlit_app.explore.facts import facts, origin
from streamlit_app.explore.rows import as_csv, chosen, column_names, in_milliseconds, minutes, readable, unscaled
from streamlit_app.look import LIGHT
from streamlit_app.texts import LANGUAGES, TEXTS, Language
from streamlit_app.words import Words
from tests.unit.streamlit_app.conftest import Open, Platform

SPANISH, ENGLISH = Words("es"), Words("en")
SECTIONS = ["explore_distributions", "explore_correlations", "explore_plane", "explore_table"]
CHARTS = len(FEATURES) + 2


def songs(count: int = 40) -> pd.DataFrame:
    """Songs with text, a number of Spotify's and one of nobody's."""
    chance = np.random.default_rng(7)
    rows = pd.DataFrame({name: chance.random(count, dtype=np.float32) for name in FEATURES})
    spotify = {"duration": 184_600.0, "tempo": 119.87, "loudness": -6.94, "valence": 0.5}
    return rows.assign(
        **spotify, rating=3, title=[f"Canción {number}" for number in range(count)], label=np.arange(count) % 2
    )


# The page


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_shown(platform: Platform, dataset: DatasetVersion, open_page: Open, language: Language) -> None:
    page, words = open_page("explore", language), Words(language)
    kept = dataset.preparation.rows_kept
    assert [header.value for header in page.header] == [TEXTS[key][language] for key in SECTIONS]
    assert [header.value for header in page.subheader] == [TEXTS[feature][language] for feature in FEATURES]
    assert len(page.get("vega_lite_chart")) == CHARTS
    assert words("explore_intro", songs=words.number(kept)) in [text.value for text in page.markdown]
    assert f"**{words('explore_left', left=words.number(kept), songs=words.number(kept))}**" in [
        text.value for text in page.markdown
    ]
    assert dataset.source.sha256 in page.expander[0].get("html")[0].proto.body


def test_the_table_holds_what_is_chosen(platform: Platform, dataset: DatasetVersion, open_page: Open) -> None:
    page, found = open_page("explore", "en"), dataset.preparation
    page.button_group(key="explore_label").set_value(LIKE).run()
    assert f"**{found.likes} of {found.rows_kept} songs**" in [text.value for text in page.markdown]
    page.selectbox(key="explore_order").set_value("energy").run()
    shown = page.dataframe[0].value
    assert set(shown[LABEL]) == {"Like"}
    assert shown["energy"].is_monotonic_decreasing


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


def test_airflow_is_not_needed(platform: Platform, open_page: Open) -> None:
    platform.airflow.broken = httpx.ConnectError("refused")
    page = open_page("explore", "es")
    assert not page.warning
    assert len(page.get("vega_lite_chart")) == CHARTS


def test_of_a_long_playlist_a_part_is_shown_and_named(
    platform: Platform, dataset: DatasetVersion, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = sources.table(dataset.version, "scaled")
    monkeypatch.setattr(sources, "table", lambda *_: whole.head(50))
    page = open_page("explore", "en")
    words = ENGLISH("explore_part", shown=50, songs=ENGLISH.number(dataset.preparation.rows_kept))
    assert words in [text.value for text in page.info]


# Rows


def test_scaled_columns_come_back_as_they_were_given() -> None:
    given = pd.DataFrame({"duration": [33_840.0, 204_600.0, 675_360.0], "tempo": [55.747, 119.873, 204.162]})
    ranges = {name: ScalerRange(min=values.min(), max=values.max()) for name, values in given.items()}
    scaled = ((given - given.min()) / (given.max() - given.min())).astype("float32")
    pd.testing.assert_frame_equal(unscaled(scaled, {str(name): found for name, found in ranges.items()}), given)


def test_a_column_in_which_all_songs_are_the_same_comes_back_too() -> None:
    scaled = pd.DataFrame({"tempo": np.zeros(3, dtype=np.float32)})
    assert unscaled(scaled, {"tempo": ScalerRange(min=120.5, max=120.5)})["tempo"].tolist() == [120.5] * 3


def test_bounds_belong_to_a_range() -> None:
    rows = pd.DataFrame({"energy": np.array([0.05, 0.15, 0.3], dtype=np.float32), LABEL: [1, 0, 1]})
    assert chosen(rows, None, {"energy": (0.05, 0.15)}, None).index.tolist() == [0, 1]
    assert chosen(rows, 1, {"energy": (0.05, 0.3)}, "energy").index.tolist() == [2, 0]


def test_csv_can_be_read_again() -> None:
    rows = songs(3)
    read = pd.read_csv(io.BytesIO(as_csv(rows)), encoding="utf-8")
    assert list(read) == list(rows)
    assert read["title"].tolist() == rows["title"].tolist()
    np.testing.assert_array_equal(read["energy"].astype("float32"), rows["energy"])


def test_csv_holds_no_formulas_but_negative_numbers() -> None:
    rows = pd.DataFrame({"=title": ["=1+1", None, "A-ha"], "loudness": [-6.5, -7.0, -8.0], "key": [-1, 2, 3]})
    assert as_csv(rows).decode().splitlines() == ["'=title,loudness,key", "'=1+1,-6.5,-1", ",-7.0,2", "A-ha,-8.0,3"]
    assert rows.loc[0, "=title"] == "=1+1"


def test_columns_are_named_in_the_language_and_titles_come_first() -> None:
    names = column_names(songs(), SPANISH)
    assert list(names)[:3] == ["title", LABEL, "speechiness"]
    assert names["duration"] == "Duración (min)"
    assert names["rating"] == "rating"
    assert set(names) == set(songs().columns)


def test_durations_in_another_unit_are_not_called_minutes() -> None:
    in_seconds = songs().assign(duration=184.6)
    assert column_names(in_seconds, SPANISH)["duration"] == "Duración"
    assert "184,600" in readable(in_seconds, SPANISH, in_minutes=in_milliseconds(in_seconds)).to_html()


def test_numbers_are_written_as_the_language_does() -> None:
    row = songs(1).assign(energy=np.float32(0.521), valence=np.nan)
    spanish, english = (readable(row, words, in_minutes=True).to_html() for words in (SPANISH, ENGLISH))
    for cell in ("0,521", "3:05", "-6,9", "No te gusta", "\N{EN DASH}", "Canción 0"):
        assert f">{cell}</td>" in spanish
    assert ">0.521</td>" in english


@pytest.mark.parametrize(("milliseconds", "told"), [(184_600, "3:05"), (59_600, "1:00"), (600_000, "10:00")])
def test_minutes(milliseconds: float, told: str) -> None:
    assert minutes(milliseconds) == told


# What is known of the dataset


def test_how_the_file_was_read_is_told_in_the_language(dataset: DatasetVersion) -> None:
    stored = Message("index_column_left_out").stored()
    update = {"readings": [str(stored)], "normalisations": [stored]}
    songs = dataset.preparation.model_copy(update=update)
    found = facts(dataset.model_copy(update={"preparation": songs}), SPANISH)
    assert found["Lectura del archivo"] == "se deja fuera una columna que solo numera las filas"
    older = dataset.preparation.model_copy(update={**update, "normalisations": []})
    assert facts(dataset.model_copy(update={"preparation": older}), SPANISH)["Lectura del archivo"] == str(stored)


def test_facts_name_source_and_split(dataset: DatasetVersion) -> None:
    found = facts(dataset, SPANISH)
    assert found["Filas"] == "750 leídas, ninguna repetida"
    assert found["Origen"] == dataset.source.uri
    assert found["Reparto"].startswith(f"{dataset.split.train} para aprender, {dataset.split.test} (30")


def test_repeated_rows_are_counted(dataset: DatasetVersion) -> None:
    songs = dataset.preparation.model_copy(update={"rows_raw": dataset.preparation.rows_kept + 1014})
    found = facts(dataset.model_copy(update={"preparation": songs}), ENGLISH)
    assert found["Rows"] == "1,764 read; 1,014 repeated ones are set aside and 750 stay"


def test_an_origin_is_told_in_plain_words() -> None:
    digest = "1476ef3c" * 8
    handed_in = Source(kind="s3", uri=f"s3://data/incoming/{digest[:32]}.csv", sha256=digest, size_bytes=1)
    assert origin(handed_in, ENGLISH) == "From a playlist handed in here"
    assert (
        origin(handed_in.model_copy(update={"uri": "s3://data/mine.csv"}), ENGLISH) == "From the S3 store: `mine.csv`"
    )
    assert origin(handed_in.model_copy(update={"kind": "drive"}), SPANISH) == "De Google Drive"


def test_markup_holds_no_markup_of_others() -> None:
    assert "<script>" not in details({"Source": "https://example.org/<script>"})


def test_the_bar_says_its_numbers() -> None:
    bar = proportion(1500, 500, LIGHT, SPANISH)
    assert "<strong>1.500</strong> (75\N{NO-BREAK SPACE}%)" in bar
    assert "flex:1500" in bar


# Charts


def test_a_blend_lies_between() -> None:
    assert blend("#ff0000", "#0000ff", 1) == "#ff0000"
    assert blend("#ff0064", "#000000", 0.2) == "#330014"


def test_distributions_are_percentages_of_each_label() -> None:
    counts = {LIKE: [3, 1], DISLIKE: [0, 5]}
    spreads = [
        Spread(
            feature="energy", label=label, songs=sum(found), mean=0, std=0, quantiles={},
            histogram=Histogram(edges=[0, 0.5, 1], counts=found),
        )
        for label, found in counts.items()
    ]  # fmt: skip
    rows = distribution_rows(spreads)
    assert rows[LIKE].tolist() == [75, 25, 25]
    assert rows[DISLIKE].tolist() == [0, 100, 100]
    assert rows["low"].tolist() == [0, 0.5, 1]
    assert rows["high"].isna().tolist() == [False, False, True]


def test_correlations_are_pearsons_and_the_strongest_comes_first() -> None:
    rows = songs().assign(speechiness=0.5)
    rows["energy"] = 1 - rows["danceability"]
    found = correlations(rows)
    assert (found["row"][0], found["column"][0]) == ("danceability", "energy")
    assert found["value"][0] == pytest.approx(-1)
    assert "speechiness" not in {*found["row"], *found["column"]}
    with_label = found[(found["row"] == LABEL) & (found["column"] == "energy")]["value"].iloc[0]
    assert with_label == pytest.approx(np.corrcoef(rows[LABEL], rows["energy"])[0, 1])


def test_a_side_reaches_to_the_next_ticks() -> None:
    rows = pd.DataFrame({"energy": [0.12, 0.87], "tempo": [1.0, 1.0]})
    assert Side.of(rows, "energy").range == pytest.approx((0.1, 0.9))
    assert Side.of(rows, "tempo").range == pytest.approx((0.95, 1))


def test_corners_hold_the_other_features_at_their_median() -> None:
    rows = songs()
    plane = Plane.through(rows, "danceability", "speechiness")
    corners = plane.corners()
    assert corners.dtype == np.float32
    assert corners.shape == ((STEPS + 1) ** 2, len(FEATURES))
    assert set(corners[:, 1]) == {np.float32(rows["energy"].median())}
    first_row = corners[: STEPS + 1]
    assert first_row[[0, -1], 2] == pytest.approx(plane.x.range)
    assert first_row[:, 0] == pytest.approx(plane.y.range[0])


def test_cells_hold_the_mean_of_their_corners() -> None:
    plane = Plane.through(songs(), "energy", "acousticness")
    cells = plane.cells(plane.corners()[:, 1])
    assert len(cells) == STEPS**2
    np.testing.assert_allclose(cells["probability"], (cells["x"] + cells["x2"]) / 2, atol=1e-6)


def test_the_border_runs_where_the_threshold_is_crossed() -> None:
    plane = Plane.through(songs(), "energy", "acousticness")
    energy, acousticness = plane.corners()[:, 1], plane.corners()[:, 3]
    border = plane.border(np.float32(0.5) * (energy + acousticness), 0.4321)
    for x, y in (("x", "y"), ("x2", "y2")):
        np.testing.assert_allclose(border[x] + border[y], 2 * 0.4321, atol=1e-6)
    ends = border[["y", "y2"]].to_numpy()
    assert (ends.min(), ends.max()) == pytest.approx((0, 0.8642), abs=1e-6)


def test_where_the_model_says_the_same_everywhere_there_is_no_border() -> None:
    plane = Plane.through(songs(), "energy", "acousticness")
    assert plane.border(np.full((STEPS + 1) ** 2, 0.9, np.float32), 0.5).empty


def test_of_many_songs_some_are_drawn() -> None:
    rows = songs(SHOWN_SONGS + 1)
    plane = Plane.through(rows, "energy", "acousticness")
    assert scatter_rows(rows, plane, None)["kind"].tolist() == ["song"] * SHOWN_SONGS
    probability = plane.corners()[:, 1]
    answers = Batch(probability >= 0.5, probability, 0.5, ModelRef("model", "1", "champion"), stale=False)
    drawn = scatter_rows(rows, plane, answers)["kind"].value_counts()
    assert (drawn["cell"], drawn["song"]) == (STEPS**2, SHOWN_SONGS)
    assert drawn["border"] == 2 * STEPS
