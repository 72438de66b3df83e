import numpy as np
import pytest
import skops.io
from optuna.distributions import IntDistribution
from optuna.trial import FixedTrial

from song_preference.training.candidates import CANDIDATES, DEFAULT, SKOPS_TRUSTED_TYPES
from song_preference.training.data import Songs
from song_preference.training.fit import fit, probability_of


@pytest.mark.parametrize("name", CANDIDATES)
def test_the_estimator_can_be_loaded_with_the_trusted_types(name: str, train: Songs, test: Songs) -> None:
    candidate = CANDIDATES[name]
    estimator = fit(candidate.estimator(0), train)
    written = skops.io.dumps(estimator)
    assert set(skops.io.get_untrusted_types(data=written)) <= set(SKOPS_TRUSTED_TYPES)
    read = skops.io.loads(written, trusted=SKOPS_TRUSTED_TYPES)
    np.testing.assert_array_equal(probability_of(read, test.features), probability_of(estimator, test.features))


@pytest.mark.parametrize("name", CANDIDATES)
def test_defaults_are_every_choice_of_a_family_and_lie_within_its_search(name: str) -> None:
    candidate = CANDIDATES[name]
    # It warns, which is an error here, of a value out of range.
    asked = FixedTrial(candidate.default)
    candidate.make(asked, 0)
    assert asked.params == candidate.default
    assert {type(asked_for) for asked_for in asked.distributions.values()} == {IntDistribution}


@pytest.mark.parametrize("name", CANDIDATES)
def test_the_same_choice_and_seed_are_the_same_estimator(name: str, train: Songs, test: Songs) -> None:
    candidate = CANDIDATES[name]
    one, other = (fit(candidate.estimator(7), train) for _ in range(2))
    np.testing.assert_array_equal(probability_of(one, test.features), probability_of(other, test.features))


def test_the_default_is_a_family_and_comes_first() -> None:
    assert next(iter(CANDIDATES)) == DEFAULT
