"""Wait for something that another thread, process or service does."""

import time
from collections.abc import Callable

PAUSE_SECONDS = 0.05


def wait_for(condition: Callable[[], bool], what: str, patience_seconds: float = 240) -> None:
    """Ask for the condition until it holds; fail with `what` was waited for."""
    deadline = time.monotonic() + patience_seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {patience_seconds:g} s"
        time.sleep(PAUSE_SECONDS)
