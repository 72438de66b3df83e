"""Save both buckets as one tar and load it: `python -m operations.backup save > buckets.tar`, `... load < buckets.tar`.

`check` reads such a tar to its end and changes nothing. `make backup` and `make restore` call all three. Objects may be
added during a save: those that existed at its start are in the tar.
"""

import argparse
import logging
import sys
import tarfile
from collections.abc import Iterator
from types import SimpleNamespace
from typing import IO, TYPE_CHECKING, cast

from song_preference.settings import S3Settings, load
from song_preference.storage import TWO_PIECES_AT_ONCE, ObjectStore, s3_client

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)

POINTERS = ("datasets/latest.json", "catalogue/latest.json")
"""Keys of objects that are replaced and name others: saved first, so that every object they name is in the tar."""

CONTENT_TYPE = "CONTENT_TYPE"
"""The tar header that holds an object's content type."""

END = "end-of-backup"
"""The name of the last, empty member: without it, a tar that was cut off between two objects would look complete."""


def save(client: "S3Client", buckets: list[str], target: IO[bytes]) -> int:
    """Write every object of the buckets to a tar; return their number."""
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
    """Append the object to the tar; return False if it was removed meanwhile."""
    try:
        found = client.get_object(Bucket=bucket, Key=key)
    except client.exceptions.NoSuchKey:
        return False
    member = tarfile.TarInfo(f"{bucket}/{key}")
    member.size = found["ContentLength"]
    member.mtime = found["LastModified"].timestamp()
    member.pax_headers = {CONTENT_TYPE: found["ContentType"]}
    tar.addfile(member, cast("IO[bytes]", found["Body"]))
    return True


def load_into(client: "S3Client", buckets: list[str], source: IO[bytes]) -> int:
    """Write every object of a tar to its bucket, replacing what exists; return their number."""
    count = 0
    for bucket, key, content_type, content in _objects(buckets, source):
        # With `read` alone: tarfile's own object, in a pipe, fails when asked whether it can seek.
        readable = cast("IO[bytes]", SimpleNamespace(read=content.read))
        extra = {"ContentType": content_type}
        client.upload_fileobj(readable, bucket, key, ExtraArgs=extra, Config=TWO_PIECES_AT_ONCE)
        count += 1
    return count


def check(buckets: list[str], source: IO[bytes]) -> int:
    """Read the whole tar; return its number of objects. End the process if it is damaged or names other buckets."""
    return sum(1 for _ in _objects(buckets, source))


def _objects(buckets: list[str], source: IO[bytes]) -> Iterator[tuple[str, str, str, IO[bytes]]]:
    """Yield bucket, key, content type and content of each object; end the process as `check` does."""
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
                yield bucket, key, member.pax_headers.get(CONTENT_TYPE, "application/octet-stream"), content
            raise tarfile.ReadError("it was cut off")
    except tarfile.TarError as error:
        raise SystemExit(f"buckets.tar is damaged ({error}): take another backup.") from None


def main() -> None:
    """Run one of the three commands on standard output or standard input."""
    parser = argparse.ArgumentParser(prog="operations.backup", description=__doc__)
    parser.add_argument("command", choices=["save", "check", "load"])
    command = parser.parse_args().command
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    settings = load(S3Settings)
    client, buckets = s3_client(settings), [settings.data_bucket, settings.mlflow_bucket]
    if command == "save":
        log.info("%d objects saved.", save(client, buckets, sys.stdout.buffer))
    elif command == "check":
        log.info("%d objects can be restored.", check(buckets, sys.stdin.buffer))
    else:
        log.info("%d objects restored.", load_into(client, buckets, sys.stdin.buffer))


if __name__ == "__main__":
    main()
