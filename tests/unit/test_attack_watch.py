import pytest

from tests.attacks.attack import Target, Watch


def test_a_watch_that_gets_no_answer_fails_its_attack() -> None:
    watch = Watch(Target("http://127.0.0.1:9", ""))
    with pytest.raises(AssertionError, match="/health/live failed meanwhile"), watch:
        watch._thread.join(60)
