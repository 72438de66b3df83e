"""Two models on the same songs, none of which either of them was trained on."""

from typing import NamedTuple

from song_preference.dataset.store import DatasetStore
from song_preference.training.data import Labels, Probabilities, Songs
from song_preference.training.judge import resamples, roc_auc
from song_preference.training.steps import judged_songs

RESAMPLES = 1000
SEED = 0


class Comparison(NamedTuple):
    """ROC AUC of both on the same songs, and the share of resamples in which the contender is clearly worse."""

    songs: int
    contender: float
    champion: float
    share_worse: float


def unseen_songs(store: DatasetStore, contender_data: str, champion_data: str) -> Songs:
    """Test songs of the contender's dataset whose features occur in neither training part; raises `DatasetNotFound`."""
    songs = judged_songs(store, contender_data)
    for version in sorted({contender_data, champion_data}):
        songs = songs.without(Songs.of(store.part(version, "train")).features)
    return songs


def paired_bootstrap(labels: Labels, contender: Probabilities, champion: Probabilities, tolerance: float) -> Comparison:
    """Compare two models' probabilities (n,) for the same songs.

    Every resample holds the same songs for both. The contender is clearly worse where its ROC AUC is more than
    `tolerance` below the champion's.
    """
    worse = 0
    for drawn in resamples(labels, RESAMPLES, SEED):
        lead = roc_auc(labels[drawn], champion[drawn]) - roc_auc(labels[drawn], contender[drawn])
        worse += int(lead > tolerance)
    return Comparison(
        songs=len(labels),
        contender=roc_auc(labels, contender),
        champion=roc_auc(labels, champion),
        share_worse=worse / RESAMPLES,
    )
