import threading

import pytest

from tests.support.attacks.attack import Target, Watch
from tests.support.waiting import wait_for


def test_a_watch_that_gets_no_answer_fails_its_attack() -> None:
    watch = Watch(Target("http://127.0.0.1:9", ""))
    with pytest.raises(AssertionError, match="/health/live failed meanwhile"), watch:
        wait_for(lambda: "watch" not in {thread.name for thread in threading.enumerate()}, "the watch's end")
