"""Which errors are put down to the volume of temporary files, and which stay what they are."""

import errno
import os
import shutil
import time
from pathlib import Path

import pytest

from song_preference.errors import DiskFull
from song_preference.temporary import (
    DAY_SECONDS,
    keep_to_tmpdir,
    raising_disk_full,
    remove_leftovers,
    temporary_directory,
)
from tests.support.replicas import replicas

TEXT = "INTERNAL_ERROR: [Errno 28] No space left on device: '/spool/m'"


def no_room() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def follows(first: Exception, *, suppressed: bool) -> ValueError:
    second = ValueError("Another matter")
    second.__context__, second.__suppress_context__ = first, suppressed
    return second


def test_an_error_of_this_machine_names_the_volume_wherever_it_stands_in_the_chain() -> None:
    with pytest.raises(DiskFull, match="too little room"), raising_disk_full():
        raise no_room()
    with pytest.raises(DiskFull), raising_disk_full():
        raise ValueError("The model is bad.") from no_room()
    with pytest.raises(DiskFull), raising_disk_full():
        raise follows(no_room(), suppressed=False)


def test_what_was_mended_is_not_to_blame() -> None:
    with pytest.raises(ValueError, match="Another matter"), raising_disk_full():
        raise follows(no_room(), suppressed=True)


def test_a_full_volume_of_another_service_is_not_put_down_to_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    if shutil.disk_usage(tmp_path).free < 0.1 * shutil.disk_usage(tmp_path).total:
        pytest.skip("The disk of this machine is nearly full itself.")
    with pytest.raises(RuntimeError, match="INTERNAL_ERROR"), raising_disk_full():
        raise RuntimeError(TEXT)


def test_a_text_names_the_volume_while_its_files_fill_it(small_disk: Path) -> None:
    def fill() -> None:
        with temporary_directory() as directory:
            (directory / "part").write_bytes(b"x" * (shutil.disk_usage(small_disk).free - 10_000))
            raise RuntimeError(TEXT)

    with pytest.raises(DiskFull, match=f"volume of {small_disk}: 0 of its 1 MB"):
        fill()
    assert not list(small_disk.iterdir())


def test_what_a_killed_process_left_goes_after_a_day_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = time.time() - DAY_SECONDS - 1
    with temporary_directory() as left, temporary_directory() as in_use:
        other = tmp_path / "tmp12345678"
        other.mkdir()
        (left / "part").touch()
        for path in (left, other):
            os.utime(path, (before, before))
        remove_leftovers()
        assert {*tmp_path.iterdir()} == {in_use, other}


def spool(volume: Path, content: str) -> set[str]:
    """Start again and again, as a replica that is killed, and return what was read of the files written meanwhile."""
    os.environ["TMPDIR"] = str(volume)
    read = set()
    for _ in range(50):
        keep_to_tmpdir()
        remove_leftovers()
        with temporary_directory() as directory:
            (directory / "upload").write_text(content * 100_000)
            read |= {*(directory / "upload").read_text()}
    return read


def test_replicas_on_one_volume_remove_what_was_left_and_disturb_each_other_not(tmp_path: Path) -> None:
    old, before = tmp_path / "song-preference-left", time.time() - DAY_SECONDS - 1
    old.mkdir()
    os.utime(old, (before, before))
    with replicas(3) as processes:
        assert [*processes.map(spool, [tmp_path] * 3, "abc")] == [{"a"}, {"b"}, {"c"}]
    assert [*tmp_path.iterdir()] == []
