"""The thread that refreshes what a service has loaded."""

import threading
from types import SimpleNamespace

import pytest

from song_preference.errors import RegistryUnavailable
from song_preference.serving import watcher
from song_preference.serving.watcher import Watcher
from tests.support.waiting import wait_for


def test_pauses_grow_up_to_a_minute_while_the_source_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    class Clock(threading.Event):
        """Passes at once; after the last pause the watcher is stopped."""

        def wait(self, timeout: float | None = None) -> bool:
            pauses.append(timeout or 0)
            if len(pauses) == 50:
                self.set()
            return self.is_set()

    def refresh() -> None:
        # From the first pause on, until the last one.
        if 0 < len(pauses) < 49:
            raise RegistryUnavailable("MLflow does not answer.")

    monkeypatch.setattr(watcher, "threading", SimpleNamespace(Event=Clock, Thread=threading.Thread))
    Watcher("test", refresh, 10).start()
    wait_for(lambda: len(pauses) == 50, "the last pause")
    for pause, longest in zip([*pauses[:4], *pauses[-2:]], (10, 20, 40, 60, 60, 10), strict=True):
        assert 0.9 * longest <= pause <= longest


def test_it_lives_through_whatever_happens_until_it_is_stopped(caplog: pytest.LogCaptureFixture) -> None:
    refreshed = threading.Event()

    def fail_once() -> None:
        if "failed unexpectedly" not in caplog.text:
            raise RuntimeError
        refreshed.set()

    before = set(threading.enumerate())
    watching = Watcher("test", fail_once, 0.001)
    watching.start()
    wait_for(refreshed.is_set, "a refresh after the failure")
    watching.stop()
    wait_for(lambda: set(threading.enumerate()) <= before, "the thread's end")
