import pytest

from tests.support.dashboard import Platform
from tests.support.model_page import EVALUATION, evaluated


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
