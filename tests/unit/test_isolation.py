import os
import signal
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from song_preference import isolation
from song_preference.errors import Finding, InvalidDataset
from song_preference.isolation import isolated
from song_preference.messages import Message


def reject() -> None:
    raise InvalidDataset(Finding("energy", Message("column_missing"), 1, (2,)))


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def test_the_function_runs_in_another_process() -> None:
    assert isolated(os.getpid) not in {os.getpid(), isolated(os.getpid)}
    assert isolated(int, "12", base=8) == 10


def test_an_error_comes_back_whole() -> None:
    with pytest.raises(InvalidDataset) as rejected:
        isolated(reject)
    assert rejected.value.findings == (Finding("energy", Message("column_missing"), 1, (2,)),)
    assert "column 'energy' is missing (1 row: 2)" in str(rejected.value)


def test_a_crash_is_an_error_and_the_next_call_is_answered() -> None:
    with pytest.raises(InvalidDataset, match="made the reader crash"):
        isolated(crash)
    assert isolated(bool) is False


def test_what_goes_on_for_ever_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "LIMIT_SECONDS", 0.05)
    with pytest.raises(InvalidDataset, match="takes too long to read"):
        isolated(signal.pause)


def test_without_its_server_another_one_is_started() -> None:
    server = psutil.Process(isolated(os.getppid))
    server.kill()
    server.wait()
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(isolated, str, number) for number in range(8)]
    assert [answer.result() for answer in answers] == [str(number) for number in range(8)]


def test_no_process_is_left_over() -> None:
    server = isolated(os.getppid)
    isolated(bool)
    with pytest.raises(ChildProcessError):
        isolated(os.waitpid, -1, os.WNOHANG)
    assert isolated(os.getppid) == server
