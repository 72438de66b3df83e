import io
import tarfile

import pytest

from operations.backup import END, check

BUCKETS = ["data", "mlflow"]


def tar(*names: str) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w|") as file:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 2000
            file.addfile(member, io.BytesIO(bytes(2000)))
    return target.getvalue()


def test_a_backup_is_counted() -> None:
    assert check(BUCKETS, io.BytesIO(tar("data/a/b", "mlflow/c", END))) == 2


def test_objects_of_other_buckets_are_reported_with_the_remedy() -> None:
    with pytest.raises(SystemExit, match=r"'old/c' belongs to none of the buckets data, mlflow: set DATA_REPO_BUCKET"):
        check(BUCKETS, io.BytesIO(tar("data/a", "old/c")))


@pytest.mark.parametrize("length", [0, 100, 1000, 2560, 3000, 5120])
def test_a_backup_that_was_cut_off_is_reported(length: int) -> None:
    with pytest.raises(SystemExit, match=r"buckets.tar is damaged \(.+\): take another backup"):
        check(BUCKETS, io.BytesIO(tar("data/a", "mlflow/c", END)[:length]))
