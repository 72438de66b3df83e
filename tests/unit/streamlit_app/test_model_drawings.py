"""What the drawings of the page "model" are made of."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from song_preference.evaluation import Importance
from song_preference.messages import Message
from song_preference.serving.registry import DescribedVersion, Measured, RegisteredVersion
from streamlit_app.charts import model_markup as markup
from streamlit_app.charts.model import curve_rows, importance_rows
from streamlit_app.charts.model_threshold import histogram_rows
from streamlit_app.charts.model_versions import history_rows
from streamlit_app.look import LIGHT
from streamlit_app.model import versions
from streamlit_app.model.judgement import Confusion, Curve
from streamlit_app.words import Words

SPANISH, ENGLISH = Words("es"), Words("en")
CREATED = datetime(2026, 11, 25, 10, tzinfo=UTC)
AUC = Measured(0.889, 0.845, 0.932)


def version(number: str, *aliases: str, measured: Measured | None = AUC) -> DescribedVersion:
    registered = RegisteredVersion(number, CREATED, aliases, "abc", "file", 0.889)
    return DescribedVersion(
        registered, "run", "extra_trees", 0.5, {"roc_auc": measured} if measured else {}, Message(None)
    )


def test_champion_is_whoever_has_the_alias_that_is_served() -> None:
    found = [version("3", "champion"), version("2", "challenger"), version("1", "proven", "old")]
    roles = versions.in_roles(found, "proven")
    assert {role: item.registered.version for role, item in roles.items()} == {"champion": "1", "challenger": "2"}
    assert list(roles) == ["champion", "challenger"]
    assert [row.role for row in versions.rows(found, roles, ENGLISH)] == ["other", "challenger", "champion"]
    assert versions.in_roles([], "champion") == {}


def test_an_interval_is_written_in_the_language() -> None:
    assert versions.interval(AUC, SPANISH) == "0,889 (de 0,845 a 0,932)"
    assert versions.interval(AUC, ENGLISH) == "0.889 (0.845 to 0.932)"
    assert versions.interval(None, ENGLISH) == ""


def test_what_was_not_noted_is_said() -> None:
    bare = replace(
        version("1"),
        candidate=None,
        registered=RegisteredVersion("1", CREATED, (), dataset_version=None, source_kind=None, roc_auc=None),
    )
    assert versions.kind(bare, ENGLISH) == "Kind not noted"
    assert versions.kind(replace(bare, candidate="of_tomorrow"), ENGLISH) == "Kind not noted"
    assert versions.source(bare, ENGLISH) == "data that were not noted"
    assert versions.dataset(bare, ENGLISH) == "—"


def test_made_up_songs_are_said() -> None:
    sample = replace(version("1"), registered=replace(version("1").registered, source_kind="sample"))
    assert versions.source(sample, ENGLISH) == "sample songs, which are made up"
    assert versions.dataset(sample, ENGLISH) == "abc (sample)"


def test_headings_of_a_card_stand_below_those_of_the_page() -> None:
    card = "# One\ntext # no\n## Two\n```python\n# a comment\n```\n## Three"
    assert versions.below_headings(card, 2) == ("### One\ntext # no\n#### Two\n```python\n# a comment\n```\n#### Three")


def test_the_history_has_the_newest_that_were_measured_from_the_oldest() -> None:
    found = [version("4"), version("3", measured=None), version("2"), version("1")]
    drawn = history_rows(versions.rows(found, {}, ENGLISH), 2)
    assert list(drawn["version"]) == ["2", "4"]
    assert list(drawn["low"]) == [0.845, 0.845]
    assert history_rows(versions.rows(found[1:2], {}, ENGLISH), 2).empty


@pytest.mark.parametrize(
    ("name", "shown", "expected"),
    [
        ("roc_auc", AUC, (0.5, 1)),
        ("roc_auc", Measured(0.52, 0.48, 0.6), (0, 1)),
        ("brier", Measured(0.13, 0.11, 0.16), (0, 0.25)),
        ("brier", Measured(0.2, 0.1, 0.3), (0, 1)),
    ],
)
def test_an_axis_holds_every_interval(name: str, shown: Measured, expected: tuple[float, float]) -> None:
    assert markup.ends(name, [Measured(0.6, 0.55, 0.65)] * (name == "roc_auc") + [shown]) == expected


def test_a_dot_stands_where_its_value_is() -> None:
    drawn = markup.metrics({"champion": {"accuracy": Measured(0.75, 0.6, 0.9)}}, LIGHT, ENGLISH)
    assert "left:20.00%;width:60.00%" in drawn
    assert f'<b class="sm-champion" style="left:50.00%;background:{LIGHT.like}">' in drawn
    assert "Of 100 songs it is right about 75." in drawn


def test_tiles_tell_shares_beside_those_at_the_models_own_threshold() -> None:
    own, tried = Confusion(found=60, mistaken=20, missed=10, spared=10), Confusion(40, 10, 30, 20)
    drawn = markup.tiles(tried, own, LIGHT, ENGLISH)
    assert "<strong>80%</strong>" in drawn
    assert "40 of 50 · with its own, 75%" in drawn
    assert "40 of 70 · with its own, 86%" in drawn
    assert "with its own, 0.80" in drawn
    assert "its own" not in markup.tiles(own, own, LIGHT, ENGLISH)


def test_where_nothing_is_recommended_no_share_is_told() -> None:
    nothing, own = Confusion(found=0, mistaken=0, missed=70, spared=30), Confusion(60, 20, 10, 10)
    drawn = markup.tiles(nothing, own, LIGHT, ENGLISH)
    assert "<strong>—</strong>" in drawn
    assert "0 of 0 · with its own, 75%" in drawn


def test_the_histogram_counts_every_song_and_is_cut_at_the_threshold() -> None:
    labels, probability = np.array([1, 1, 0, 1]), np.array([0.31, 0.33, 0.33, 1.0])
    rows = histogram_rows(labels, probability, tried=0.32, own=0.5)
    bins = rows.dropna(subset="label")
    assert bins.groupby("label")["songs"].sum().to_dict() == {"like": 3, "dislike": -1}
    assert bins[bins["recommended"] == True].groupby("label")["songs"].sum().to_dict() == {"like": 2, "dislike": -1}  # noqa: E712 - pandas
    assert rows.iloc[-1][["tried", "own"]].to_list() == [0.32, 0.5]


def test_the_models_own_curve_is_drawn_last_and_each_in_its_order() -> None:
    curve = Curve(np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0]), 1.0)
    rows = curve_rows({"model": curve, "baseline": curve}, 0.6)
    assert list(rows["series"]) == ["baseline"] * 3 + ["model"] * 3
    assert list(rows["at"]) == [0, 1, 2, 0, 1, 2]
    assert set(rows["chance"]) == {0.6}


def test_the_most_important_feature_stands_first() -> None:
    found = [Importance(feature="energy", mean=0.1, std=0.02), Importance(feature="danceability", mean=0.3, std=0.1)]
    rows = importance_rows(found, SPANISH)
    assert list(rows["name"]) == ["Bailabilidad", "Energía"]
    assert rows.iloc[0][["low", "high"]].to_list() == pytest.approx([0.2, 0.4])
