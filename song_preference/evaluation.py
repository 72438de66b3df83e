"""What a model answered when it was judged: the training logs it, the dashboard draws it."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

EVALUATION_FILE = "evaluation.json"
"""Among the artifacts of the training run."""


class Importance(BaseModel):
    """ROC AUC lost when one feature's values are dealt out anew among the songs, over many deals."""

    model_config = ConfigDict(frozen=True)

    feature: str
    mean: float
    std: float


class Evaluation(BaseModel):
    """Of n songs that no model knew: what the listener says, and with what probability each model says "like"."""

    model_config = ConfigDict(frozen=True)

    labels: tuple[Literal[0, 1], ...]
    """(n,) 1 for like; both occur."""
    model: tuple[float, ...]
    """(n,)"""
    baseline: tuple[float, ...]
    """(n,) of a plain logistic regression."""
    threshold: float
    """The model's own: from this probability on it says "like"."""
    importances: tuple[Importance, ...]
    """One for each feature."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not len(self.labels) == len(self.model) == len(self.baseline):
            raise ValueError("labels and probabilities are of different songs")
        if len(set(self.labels)) < 2:
            raise ValueError("there are not both likes and dislikes")
        return self
