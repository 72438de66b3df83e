"""Wait for something that another thread, process or service does."""

import time
from collections.abc import Callable

PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.05, 0.4
"""The first pause and the last one: each question takes time of the platform that is waited for."""


def wait_for(condition: Callable[[], bool], what: str, patience_seconds: float = 240) -> None:
    """Ask for the condition until it holds; fail with `what` was waited for."""
    deadline, pause = time.monotonic() + patience_seconds, PAUSE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {patience_seconds:g} s"
        time.sleep(pause)
        pause = min(pause * 1.2, LONGEST_PAUSE_SECONDS)
