"""The versions that the dashboard holds, and the choice among them."""

import pytest

from song_preference.dataset.version import DatasetVersion
from song_preference.errors import RegistryUnavailable, ServiceUnavailable
from streamlit_app.data import models, predictor
from tests.support.dashboard import Platform
from tests.support.model_page import EVALUATION


def served() -> str:
    return predictor().store.current().model.ref.version


def champion() -> str:
    """The champion's version as the registry has it."""
    found = models.registry().champion()
    assert found
    return found.version


def test_the_champion_is_asked_for_each_time_and_the_versions_are_held(platform: Platform, graph: bytes) -> None:
    held = models.versions()
    platform.registry.register("2", graph)
    assert champion() == "2"
    assert models.versions() == held


def test_an_evaluation_is_asked_for_once(platform: Platform) -> None:
    platform.registry.evaluations["run1"] = EVALUATION
    assert models.evaluation("run1") is EVALUATION
    platform.registry.is_down = True
    assert models.evaluation("run1") is EVALUATION
    with pytest.raises(RegistryUnavailable):
        models.evaluation("run2")


def test_a_version_that_is_chosen_is_the_champion_at_once(second: DatasetVersion) -> None:
    assert (served(), models.versions()[0].registered.aliases) == ("1", [])
    models.choose("2")
    assert (served(), models.versions()[0].registered.aliases) == ("2", ["champion"])


def test_a_version_is_chosen_even_if_it_cannot_be_loaded(second: DatasetVersion, platform: Platform) -> None:
    platform.registry.graphs["2"] = b"no graph"
    models.choose("2")
    assert (served(), champion()) == ("1", "2")


def test_a_choice_that_fails_changes_nothing(second: DatasetVersion, platform: Platform) -> None:
    platform.take_down("rest")
    for choice in (models.choose, models.decline):
        with pytest.raises(ServiceUnavailable):
            choice("2")
    assert (served(), champion(), models.versions()[0].is_declined) == ("1", "1", False)


def test_a_version_that_is_declined_is_marked_at_once(second: DatasetVersion) -> None:
    assert not models.versions()[0].is_declined
    models.decline("2")
    assert (served(), models.versions()[0].is_declined) == ("1", True)
