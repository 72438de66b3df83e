"""Read and write the objects of one S3 bucket."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, BinaryIO

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from song_preference.errors import DiskFull, StorageUnavailable
from song_preference.messages import Message
from song_preference.settings import S3Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TWO_PIECES_AT_ONCE = TransferConfig(max_concurrency=2, multipart_chunksize=64 << 20)
"""Configuration of transfers: two pieces at once, since boto's default of ten takes 80 MB of memory and is no faster.

Pieces of boto's default size, 8 MB, take two to three times as much CPU time."""

CONTENT_TYPES = {
    # Not text/csv: SeaweedFS, our S3 without Docker, compresses text, which takes two to three times as long.
    ".csv": "application/csv",
    ".parquet": "application/vnd.apache.parquet",
    ".json": "application/json",
}

MISSING = {"NoSuchKey", "404"}
FULL = {"XMinioStorageFull", "507"}
TAKEN = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}


def s3_client(settings: S3Settings) -> "S3Client":
    """Return a client for the S3 server of the settings, MinIO or any other."""
    return boto3.client(
        "s3",
        endpoint_url=settings.endpoint_url,
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key.get_secret_value(),
        region_name="us-east-1",
        config=Config(
            # Requests are signed; their content has only a CRC-32, since a SHA-256 would take a third of a put's time.
            s3={"addressing_style": "path", "payload_signing_enabled": False},
            connect_timeout=5,
            read_timeout=60,
            retries={"max_attempts": 3},
        ),
    )


class _Expected(Exception):
    """S3 answered with a code that means no error to the method that asked."""


class ObjectStore:
    """One bucket; every method raises `StorageUnavailable`, those that write also `DiskFull`."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self.bucket = bucket

    def uri(self, key: str) -> str:
        """Return the key's `s3://` URI."""
        return f"s3://{self.bucket}/{key}"

    def get(self, key: str, first_bytes: int | None = None) -> bytes | None:
        """Return the object's bytes, all or the first ones, or None if it does not exist."""
        part = f"bytes=0-{first_bytes - 1 if first_bytes else ''}"
        with suppress(_Expected), self._translating_errors(key, MISSING):
            return self._client.get_object(Bucket=self.bucket, Key=key, Range=part)["Body"].read()
        return None

    def size(self, key: str) -> int | None:
        """Return the object's size in bytes, or None if it does not exist."""
        with suppress(_Expected), self._translating_errors(key, MISSING):
            return self._client.head_object(Bucket=self.bucket, Key=key)["ContentLength"]
        return None

    def download(self, key: str, target: Path) -> bool:
        """Write the object to a file, a piece at a time; return False if it does not exist."""
        with suppress(_Expected), self._translating_errors(key, MISSING):
            self._client.download_file(self.bucket, key, str(target), Config=TWO_PIECES_AT_ONCE)
            return True
        return False

    def put(self, key: str, content: bytes) -> None:
        """Write or replace the object."""
        with self._translating_errors(key):
            self._client.put_object(Bucket=self.bucket, Key=key, Body=content)

    def put_new(self, key: str, content: bytes | BinaryIO) -> bool:
        """Write the object unless it exists; return whether it was written.

        An existing object is not sent again; of two concurrent writers the store accepts one (`If-None-Match`).
        """
        if self.size(key) is not None:
            return False
        kind = CONTENT_TYPES.get(PurePath(key).suffix, "application/octet-stream")
        with suppress(_Expected), self._translating_errors(key, TAKEN):
            self._client.put_object(Bucket=self.bucket, Key=key, Body=content, ContentType=kind, IfNoneMatch="*")
            return True
        return False

    def remove(self, key: str) -> None:
        """Delete the object if it exists."""
        with self._translating_errors(key):
            self._client.delete_object(Bucket=self.bucket, Key=key)

    def keys(self, prefix: str) -> list[str]:
        """Return all keys with the prefix, in alphabetical order."""
        with self._translating_errors(prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            return [found["Key"] for page in pages for found in page.get("Contents", [])]

    @contextmanager
    def _translating_errors(self, key: str, expected: Collection[str] = ()) -> Iterator[None]:
        """Turn S3's errors into `StorageUnavailable`, `DiskFull`, or `_Expected` for the codes in `expected`."""
        try:
            yield
        except (Boto3Error, BotoCoreError, ClientError) as error:
            reason = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
            if reason in expected:
                raise _Expected from error
            if reason in FULL:
                raise DiskFull(Message("s3_full", {"uri": self.uri(key)})) from error
            values = {"url": self._client.meta.endpoint_url, "uri": self.uri(key), "error": reason}
            raise StorageUnavailable(Message("s3_failed", values)) from error
