"""Clients that other people wrote, over TLS with a throw-away CA, and services of the test's own."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from anyio.from_thread import BlockingPortal

from song_preference.serving.predictor import Predictor
from tests.support.isolated import ROWS, ask
from tests.support.tls import SERVER, Addresses, issue, served

pytestmark = pytest.mark.once


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    return issue(tmp_path)


@pytest.fixture
def addresses(grpc_loop: BlockingPortal, predictor: Predictor, files: dict[str, str]) -> Iterator[Addresses]:
    with served(grpc_loop, predictor, {name: files[name] for name in SERVER}) as addresses:
        yield addresses


@pytest.mark.parametrize("client", ["httpx", "gql", "reflection", "tritonclient", "mlflow"])
def test_every_client_gets_the_same_answers_over_tls(
    commands: Path, predictor: Predictor, files: dict[str, str], addresses: Addresses, client: str
) -> None:
    answers = ask(commands, client, f"https://{addresses.rest}", addresses.grpc, files["TLS_CA_FILE"])
    batch = predictor.predict_rows(np.array(ROWS, dtype=np.float32))
    expected = list(zip(batch.liked.tolist(), batch.probability.tolist(), strict=True))
    assert {way for way, found in answers.items() if found != expected} == set()
