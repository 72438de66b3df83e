"""The probability from which on a song is labelled as liked."""

import numpy as np

from song_preference.training.data import Labels, Probabilities


def decision_threshold(labels: Labels, probability: Probabilities) -> float:
    """Return the threshold nearest 0.5 whose balanced accuracy is within one standard error of the best.

    Balanced accuracy (mean of sensitivity and specificity; its maximum is that of Youden's J) gives likes and
    dislikes the same weight: accuracy or F1 would answer "like" to everything for a listener who likes nearly
    everything. Its maximum over a few hundred songs is a matter of chance, so a threshold that chance explains
    as well is taken where it lies nearer 0.5 (the one-standard-error rule of Breiman et al., "Classification and
    Regression Trees", 1984). Candidates are 0.5 and the midpoints between neighbouring distinct probabilities, so
    that no song lies on the edge. `probability` (n,) must come from models that did not know the songs.
    """
    distinct = np.unique(probability)
    candidates = np.unique([0.5, *((distinct[:-1] + distinct[1:]) / 2)])
    liked, disliked = np.sort(probability[labels == 1]), np.sort(probability[labels == 0])
    sensitivity = 1 - np.searchsorted(liked, candidates) / len(liked)
    specificity = np.searchsorted(disliked, candidates) / len(disliked)
    balanced = (sensitivity + specificity) / 2
    variance = sensitivity * (1 - sensitivity) / len(liked) + specificity * (1 - specificity) / len(disliked)
    best = int(np.argmax(balanced))
    # The tolerance keeps the last bits of the division from deciding.
    as_good = candidates[balanced >= balanced[best] - np.sqrt(variance[best]) / 2 - 1e-12]
    return float(as_good[np.argmin(np.abs(as_good - 0.5))])
