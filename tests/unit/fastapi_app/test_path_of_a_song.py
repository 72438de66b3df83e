"""The files that a prediction crosses, from the socket to the answer, on a real server."""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from fastapi_app.server import configuration
from local_stack.config import ROOT
from song_preference.serving.model_store import ModelStore
from tests.support.import_closure import OURS
from tests.support.songs import SONG
from tests.support.waiting import wait_for

MOST_FILES = 12


class FilesCrossed:
    """A profiler of one thread, which notes the files of ours whose functions run there."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(ROOT) and (name := path.relative_to(ROOT)).parts[0] in OURS:
            self.names.add(str(name))


@pytest.fixture
def crossed() -> FilesCrossed:
    return FilesCrossed()


@pytest.fixture
def address(rest_app: FastAPI, store: ModelStore, crossed: FilesCrossed) -> Iterator[str]:
    """The address of a server with a champion, whose thread is profiled."""
    server = uvicorn.Server(configuration(rest_app, "127.0.0.1", 0))

    def run() -> None:
        sys.setprofile(crossed)
        server.run()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        wait_for(lambda: server.started and store.served is not None, "the champion")
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/predict"
    finally:
        server.should_exit = True
        thread.join()


def test_a_prediction_crosses_few_files(address: str, crossed: FilesCrossed) -> None:
    # The start is no part of the path.
    crossed.names.clear()
    # What comes after an answer is over before the next one.
    labels = {httpx.post(address, json=SONG).json()["label"] for _ in range(2)}
    found = sorted(crossed.names)
    assert labels < {"like", "dislike"}
    assert {"fastapi_app/server.py", "fastapi_app/predictions.py", "song_preference/serving/model.py"} < set(found)
    assert len(found) <= MOST_FILES, found
