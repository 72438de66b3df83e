import json
import os
import platform
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from sklearn._loss.loss import HalfBinomialLoss
from sklearn.ensemble import GradientBoostingClassifier

from local_stack.config import ROOT
from song_preference.training.candidates import CANDIDATES
from song_preference.training.data import Songs
from song_preference.training.fit import DECIMALS, fit, probability_of

TRAIN = """
import hashlib, json, sys
from song_preference.training import candidates
from song_preference.training.candidates import CANDIDATES
from song_preference.training.export import build_graph
from song_preference.training.fit import fit
from song_preference.serving.model import open_graph
from song_preference.training.export import run_graph
from song_preference.training.search import search
from tests.support.training import listener

songs, others = listener(150, 1), listener(2000, 2).features
deep = {"gradient_boosting_n_estimators": 100, "gradient_boosting_log2_learning_rate": -3,
        "gradient_boosting_max_depth": 4}
estimators = {name: made.estimator(7) for name, made in CANDIDATES.items()}
estimators["deep_boosting"] = CANDIDATES["gradient_boosting"].estimator(7, deep)
found = {}
for name, estimator in estimators.items():
    graph = build_graph(fit(estimator, songs), 0.5).SerializeToString()
    answers = run_graph(open_graph(graph), others)
    found[name] = [hashlib.sha256(part).hexdigest() for part in (graph, answers.probability.tobytes())]
candidates.TREES = 20  # all families were compared with all their trees above
found["search"] = [[a.candidate, a.parameters, a.fold_losses] for a in search(songs.at_most(60, 0), 8, 7)]
print(json.dumps(found))
"""
MACHINES = {
    "as it is": {},
    "an old one on one core, without AVX and fused multiply-add": {
        "OPENBLAS_CORETYPE": "Nehalem",
        "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4",
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX2_Usable,-FMA_Usable,-FMA4",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    },
}


def trained_on(machine: str) -> dict[str, Any]:
    environment = {**os.environ, **MACHINES[machine], "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", TRAIN],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


@pytest.mark.skipif(platform.machine() != "x86_64", reason="what emulates other processors is of x86-64")
def test_another_processor_comes_to_the_same_bits() -> None:
    here, elsewhere = (trained_on(machine) for machine in MACHINES)
    assert elsewhere == here


def test_scikit_learn_still_takes_a_loss_from_its_private_method(train: Songs) -> None:
    remedy = "scikit-learn has changed its private API: adapt `_fit_boosting` in song_preference/training/fit.py"
    asked = []

    def loss(sample_weight: Any) -> HalfBinomialLoss:
        asked.append(sample_weight)
        return HalfBinomialLoss(sample_weight=sample_weight)

    estimator = GradientBoostingClassifier(n_estimators=1)
    assert callable(getattr(estimator, "_get_loss", None)), remedy
    estimator._get_loss = loss
    estimator.fit(train.features, train.labels)
    assert asked, remedy
    assert type(getattr(estimator, "_loss", None)) is HalfBinomialLoss, remedy


def test_boosting_on_rounded_gradients_is_boosting(train: Songs, test: Songs) -> None:
    candidate = CANDIDATES["gradient_boosting"]
    ours = fit(candidate.estimator(0), train)
    plain = candidate.estimator(0).fit(train.features, train.labels)
    assert type(ours) is GradientBoostingClassifier
    assert vars(ours).keys() == vars(plain).keys()
    assert type(ours._loss) is type(plain._loss)
    correlation = np.corrcoef(probability_of(ours, test.features), probability_of(plain, test.features))[0, 1]
    assert correlation > 0.99


def test_weights_are_rounded(train: Songs) -> None:
    candidate = CANDIDATES["logistic_regression"]
    scaler, regression = (step for _, step in fit(candidate.estimator(0), train).steps)
    for weights in (scaler.mean_, scaler.scale_, regression.coef_):
        np.testing.assert_array_equal(weights, np.round(weights, DECIMALS))
        assert np.all(weights != 0)
