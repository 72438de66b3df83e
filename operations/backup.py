"""Both buckets as one tar: `python -m operations.backup save > buckets.tar`, `... load < buckets.tar`.

`check` tells whether such a tar can be loaded, and changes nothing.

For `make backup` and `make restore`. Objects may be added meanwhile: what was there at the start is whole.
"""

import argparse
import logging
import sys
import tarfile
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, cast

from song_preference.settings import S3Settings, load
from song_preference.storage import TWO_PIECES_AT_ONCE, ObjectStore, s3_client

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)

POINTERS = ("datasets/latest.json",)
"""Objects that are replaced, and name others: saved before the others are listed, so that none is named that lacks."""

KIND = "CONTENT_TYPE"
"""Where the tar keeps an object's content type."""


END = "end-of-backup"
"""The last member, which holds nothing: a tar that was cut off between two objects looks whole otherwise."""


class _Sequential:
    """A member of a tar that comes through a pipe. Asked whether it can be sought, tarfile's own object fails."""

    def __init__(self, content: IO[bytes]) -> None:
        self.read = content.read


def save(client: "S3Client", buckets: list[str], target: IO[bytes]) -> int:
    """Write every object of the buckets to a tar; returns how many."""
    count = 0
    with tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for bucket in buckets:
            objects = ObjectStore(client, bucket)
            pointers = [key for key in POINTERS if _append(tar, client, bucket, key)]
            others = [key for key in objects.keys("") if key not in POINTERS]
            count += len(pointers) + sum(_append(tar, client, bucket, key) for key in others)
        tar.addfile(tarfile.TarInfo(END))
    return count


def _append(tar: tarfile.TarFile, client: "S3Client", bucket: str, key: str) -> bool:
    """Whether the object is in the tar now; one that was removed meanwhile is not."""
    try:
        found = client.get_object(Bucket=bucket, Key=key)
    except client.exceptions.NoSuchKey:
        return False
    member = tarfile.TarInfo(f"{bucket}/{key}")
    member.size = found["ContentLength"]
    member.mtime = found["LastModified"].timestamp()
    member.pax_headers = {KIND: found["ContentType"]}
    tar.addfile(member, cast("IO[bytes]", found["Body"]))
    return True


def load_into(client: "S3Client", buckets: list[str], source: IO[bytes]) -> int:
    """Write every object of a tar to its bucket, over what is there; returns how many."""
    count = 0
    for bucket, key, kind, content in _objects(buckets, source):
        client.upload_fileobj(
            cast("IO[bytes]", _Sequential(content)),
            bucket,
            key,
            ExtraArgs={"ContentType": kind},
            Config=TWO_PIECES_AT_ONCE,
        )
        count += 1
    return count


def check(buckets: list[str], source: IO[bytes]) -> int:
    """Read the whole tar; returns how many objects it holds. Ends the process where it is damaged or of others."""
    return sum(1 for _ in _objects(buckets, source))


def _objects(buckets: list[str], source: IO[bytes]) -> Iterator[tuple[str, str, str, IO[bytes]]]:
    """Bucket, key, content type and content of each object."""
    try:
        with tarfile.open(fileobj=source, mode="r|") as tar:
            for member in tar:
                if member.name == END:
                    return
                bucket, _, key = member.name.partition("/")
                content = tar.extractfile(member)
                if bucket not in buckets or content is None:
                    raise SystemExit(
                        f"'{member.name}' belongs to none of the buckets {', '.join(buckets)}: "
                        "set DATA_REPO_BUCKET_NAME and MLFLOW_BUCKET_NAME as they were when the backup was made."
                    )
                yield bucket, key, member.pax_headers.get(KIND, "application/octet-stream"), content
            raise tarfile.ReadError("it was cut off")
    except tarfile.TarError as error:
        raise SystemExit(f"buckets.tar is damaged ({error}): take another backup.") from None


def main() -> None:
    """Save to the standard output, or load from the standard input."""
    parser = argparse.ArgumentParser(prog="operations.backup", description=__doc__)
    parser.add_argument("verb", choices=["save", "check", "load"])
    verb = parser.parse_args().verb
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    settings = load(S3Settings)
    client, buckets = s3_client(settings), [settings.data_bucket, settings.mlflow_bucket]
    if verb == "save":
        log.info("%d objects saved.", save(client, buckets, sys.stdout.buffer))
    elif verb == "check":
        log.info("%d objects can be restored.", check(buckets, sys.stdin.buffer))
    else:
        log.info("%d objects restored.", load_into(client, buckets, sys.stdin.buffer))


if __name__ == "__main__":
    main()
