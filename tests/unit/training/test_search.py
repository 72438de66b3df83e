from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from song_preference.dataset.prepare import prepare
from song_preference.dataset.split import split
from song_preference.errors import TrainingFailed
from song_preference.serving.model import open_graph
from song_preference.training.candidates import CANDIDATES, DEFAULT
from song_preference.training.choose import choose
from song_preference.training.cross_validation import FOLDS, REPEATS
from song_preference.training.data import Songs
from song_preference.training.export import run_graph
from song_preference.training.intervals import roc_auc
from song_preference.training.search import Score, Trial, ranked, search
from tests.support.playlists import as_csv, chosen
from tests.support.training import listener

pytestmark = pytest.mark.usefixtures("few_trees")
TRIALS = 9


@pytest.fixture(scope="module")
def trials(train: Songs) -> list[Trial]:
    return search(train.at_most(60, 0), TRIALS, seed=3)


def by_number(trials: list[Trial]) -> list[tuple[object, ...]]:
    ordered = sorted(trials, key=lambda trial: trial.number)
    return [(trial.number, trial.candidate, trial.parameters, trial.fold_losses) for trial in ordered]


def test_every_family_is_tried_with_its_default_first(trials: list[Trial]) -> None:
    first = {
        trial.candidate: trial.parameters for trial in sorted(trials, key=lambda trial: trial.number)[: len(CANDIDATES)]
    }
    assert first == {name: candidate.default for name, candidate in CANDIDATES.items()}


def test_each_trial_has_its_scores_and_their_errors(trials: list[Trial]) -> None:
    for trial in trials:
        assert 0.5 < trial.roc_auc.mean < 1
        assert 0.1 < trial.brier.mean < 0.25
        assert trial.log_loss.mean == pytest.approx(np.mean(trial.fold_losses), abs=1e-8)
        assert 0 < trial.log_loss.error < 0.3
        assert len(trial.fold_losses) in (FOLDS, FOLDS * REPEATS)
    assert len({(trial.candidate, *trial.parameters.items()) for trial in trials}) == len(trials) <= TRIALS


def test_the_same_songs_and_seed_give_the_same_trials(trials: list[Trial], train: Songs) -> None:
    assert by_number(search(train.at_most(60, 0), TRIALS, seed=3)) == by_number(trials)


def test_fewer_trials_than_families_are_enough(train: Songs) -> None:
    assert [trial.candidate for trial in search(train.at_most(60, 0), 1, seed=3)] == [next(iter(CANDIDATES))]


def of_each_class(songs: Songs, likes: int, dislikes: int) -> Songs:
    liked, disliked = np.flatnonzero(songs.labels == 1)[:likes], np.flatnonzero(songs.labels == 0)[:dislikes]
    return songs.take(np.concatenate([liked, disliked]))


@pytest.mark.parametrize(("likes", "dislikes"), [(5, 5), (5, 40), (40, 5)])
def test_five_songs_of_a_class_are_enough_for_every_family(train: Songs, likes: int, dislikes: int) -> None:
    found = search(of_each_class(train, likes, dislikes), len(CANDIDATES), seed=3)
    assert {trial.candidate for trial in found} == set(CANDIDATES)


@pytest.mark.parametrize(("likes", "dislikes"), [(4, 40), (40, 4), (0, 9)])
def test_fewer_songs_of_a_class_are_told_with_a_remedy(train: Songs, likes: int, dislikes: int) -> None:
    message = f"holds {likes} liked and {dislikes} disliked songs, but cross-validation needs 5 of each: add songs"
    with pytest.raises(TrainingFailed, match=message):
        search(of_each_class(train, likes, dislikes), 1, seed=3)


NOW = datetime(2026, 11, 23, tzinfo=UTC)


def trial(number: int, candidate: str, fold_losses: tuple[float, ...] = (0.4,) * 15) -> Trial:
    return Trial(
        number=number,
        candidate=candidate,
        parameters=CANDIDATES[candidate].default,
        fold_losses=fold_losses,
        log_loss=Score(float(np.mean(fold_losses)), 0.01),
        roc_auc=Score(0.9, 0.01),
        brier=Score(0.13, 0.01),
        started_at=NOW,
        ended_at=NOW,
    )


LOSSES = tuple(np.random.default_rng(0).normal(0.4, 0.05, 15).tolist())
"""Of the default, in each fold; most of it is the folds', so that other trials have it too."""


def less(gain: float, spread: float, folds: int = 15) -> tuple[float, ...]:
    """Return losses that are lower by `gain` in the mean, and by more or less in single folds."""
    return tuple(loss - gain - (-1) ** at * spread for at, loss in enumerate(LOSSES))[:folds]


@pytest.mark.parametrize(
    ("other", "is_first"),
    [
        (less(0.01, 0.01), True),  # The error is 0.01 * sqrt(15 / 14 * (1 / 15 + 1 / 4)) = 0.0058.
        (less(0.01, 0.02), False),
        (less(-0.01, 0), False),
        (less(0.05, 0, folds=5), False),  # Ended after one repeat.
    ],
)
def test_the_default_gives_way_to_what_is_better_by_more_than_an_error(
    other: tuple[float, ...], *, is_first: bool
) -> None:
    default, third = trial(0, DEFAULT, LOSSES), trial(7, "neural_network", less(-0.2, 0))
    ranking = ranked([default, trial(3, "extra_trees", other), third])
    assert ranking[0].candidate == ("extra_trees" if is_first else DEFAULT)
    assert {found.number for found in ranking} == {0, 3, 7}


def test_a_trial_that_is_clearly_behind_ends_after_one_repeat() -> None:
    songs = listener(120, 4)
    noise = Songs(songs.features, np.random.default_rng(1).permutation(songs.labels))
    # Of what cannot be known, the loss of whoever is sure is far above that of whoever is not.
    found = {trial.candidate: len(trial.fold_losses) for trial in search(noise, len(CANDIDATES), seed=3)}
    assert found["logistic_regression"] == FOLDS * REPEATS
    assert FOLDS in found.values()


@pytest.fixture(params=["made up", "case"])
def by_chance(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Songs with labels by chance, each of them three times."""
    if request.param == "case":
        cases: Path = request.getfixturevalue("case_directory")
        return cases / "08-noise-each-song-thrice.csv"
    path, songs = tmp_path / "songs", chosen(40, 40)
    songs["label"] = np.random.default_rng(0).permutation(songs["label"])
    path.write_bytes(as_csv(pd.concat([songs.assign(genre=genre) for genre in ("pop", "rock", "folk")])))
    return path


def test_of_labels_by_chance_nothing_is_learned_however_often_each_song_comes(by_chance: Path, tmp_path: Path) -> None:
    prepared = prepare(by_chance, tmp_path, max_bytes=10**6)
    assert prepared.report.rows_kept == 80
    tables = tmp_path / "train", tmp_path / "test"
    split(prepared.features, *tables, test_size=0.3, seed=42)
    train, test = (Songs.of(pd.read_parquet(table)) for table in tables)
    ranking = search(train, 2, seed=0)
    for trial in ranking:
        assert abs(trial.roc_auc.mean - 0.5) < 2 * trial.roc_auc.error
    choice = choose(ranking, train, test, 0)
    probability = run_graph(open_graph(choice.twin.graph.SerializeToString()), test.features).probability
    low, high = roc_auc(test.labels, probability)[1:]
    assert low < 0.5 < high
