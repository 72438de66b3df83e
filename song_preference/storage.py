"""The S3 bucket, as far as this project uses it.

`python -m song_preference.storage` creates the buckets once S3 answers, and tries the services' account: the one-shot
of both stacks.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, BinaryIO

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from song_preference.errors import DiskFull, StorageUnavailable
from song_preference.messages import Message
from song_preference.settings import S3Settings, S3SetupSettings, load

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)

SECONDS_FOR_S3_TO_ANSWER = 20
TRIAL_KEY = ".account-trial"

TWO_PIECES_AT_ONCE = TransferConfig(max_concurrency=2)
"""Ten, boto's default, hold 80 MB and are no quicker."""

CONTENT_TYPES = {
    # Not text/csv: SeaweedFS, our S3 without Docker, packs whatever is text, at two to three times the time.
    ".csv": "application/csv",
    ".parquet": "application/vnd.apache.parquet",
    ".json": "application/json",
}

MISSING = {"NoSuchKey", "404"}
FULL = {"XMinioStorageFull", "507"}
TAKEN = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}


def s3_client(settings: S3Settings) -> "S3Client":
    """A client for the S3 server of the settings, MinIO or any other."""
    return boto3.client(
        "s3",
        endpoint_url=settings.endpoint_url,
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key.get_secret_value(),
        region_name="us-east-1",
        config=Config(
            # Signed are the requests; what they carry has a CRC-32, since a SHA-256 would be a third of a put's time.
            s3={"addressing_style": "path", "payload_signing_enabled": False},
            connect_timeout=5,
            read_timeout=60,
            retries={"max_attempts": 3},
        ),
    )


class ObjectStore:
    """One bucket, by key; every method raises `StorageUnavailable`, those that write `DiskFull` as well."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self.bucket = bucket

    def uri(self, key: str) -> str:
        """The key's `s3://` address."""
        return f"s3://{self.bucket}/{key}"

    def get(self, key: str, first_bytes: int | None = None) -> bytes | None:
        """The object's bytes, all of them or the first ones, or None where there is none."""
        part = f"bytes=0-{first_bytes - 1 if first_bytes else ''}"
        with self._asking(key):
            try:
                return self._client.get_object(Bucket=self.bucket, Key=key, Range=part)["Body"].read()
            except ClientError as error:
                if _code(error) in MISSING:
                    return None
                raise

    def size(self, key: str) -> int | None:
        """The object's size in bytes, or None where there is none."""
        with self._asking(key):
            try:
                return self._client.head_object(Bucket=self.bucket, Key=key)["ContentLength"]
            except ClientError as error:
                if _code(error) in MISSING:
                    return None
                raise

    def download(self, key: str, target: Path) -> bool:
        """Write the object to a file, a piece at a time; tells whether there was one."""
        with self._asking(key):
            if self.size(key) is None:
                return False
            self._client.download_file(self.bucket, key, str(target), Config=TWO_PIECES_AT_ONCE)
            return True

    def put(self, key: str, content: bytes) -> None:
        """Write or replace the object."""
        with self._asking(key):
            self._client.put_object(Bucket=self.bucket, Key=key, Body=content)

    def put_new(self, key: str, content: bytes | BinaryIO) -> bool:
        """Write the object unless it exists; tells whether it was written.

        What exists is not sent again; of two writers at once the store lets one through (`If-None-Match`).
        """
        with self._asking(key):
            if self.size(key) is not None:
                return False
            kind = CONTENT_TYPES.get(PurePath(key).suffix, "application/octet-stream")
            try:
                self._client.put_object(Bucket=self.bucket, Key=key, Body=content, ContentType=kind, IfNoneMatch="*")
            except ClientError as error:
                if _code(error) in TAKEN:
                    return False
                raise
            return True

    def remove(self, key: str) -> None:
        """Delete the object; no harm where there is none."""
        with self._asking(key):
            self._client.delete_object(Bucket=self.bucket, Key=key)

    def keys(self, prefix: str) -> list[str]:
        """All keys below the prefix, in alphabetical order."""
        with self._asking(prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            return [found["Key"] for page in pages for found in page.get("Contents", [])]

    @contextmanager
    def _asking(self, key: str) -> Iterator[None]:
        """Whatever S3 says that a method does not understand becomes `StorageUnavailable`."""
        try:
            yield
        except (Boto3Error, BotoCoreError, ClientError) as error:
            reason = _code(error) if isinstance(error, ClientError) else type(error).__name__
            if reason in FULL:
                raise DiskFull(Message("s3_full", {"uri": self.uri(key)})) from error
            values = {"uri": self.uri(key), "error": reason}
            raise StorageUnavailable(Message("s3_unavailable", values)) from error


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]


def create_buckets(settings: S3Settings) -> None:
    """Create the buckets that do not exist, as soon as S3 answers."""
    client = s3_client(settings)
    deadline = time.monotonic() + SECONDS_FOR_S3_TO_ANSWER
    while True:
        try:
            existing = {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}
            break
        except (BotoCoreError, ClientError) as error:
            if time.monotonic() > deadline:
                raise SystemExit(
                    f"S3 at {settings.endpoint_url} did not answer within {SECONDS_FOR_S3_TO_ANSWER} s "
                    f"({error}): check that it runs, MINIO_ACCESS_KEY and MINIO_SECRET_ACCESS_KEY."
                ) from None
            time.sleep(0.5)
    for bucket in (settings.data_bucket, settings.mlflow_bucket):
        if bucket in existing:
            log.info("Bucket %s exists.", bucket)
        else:
            client.create_bucket(Bucket=bucket)
            log.info("Bucket %s created.", bucket)


def try_account(settings: S3Settings) -> None:
    """Do in both buckets what the services will do there; ends the process where their account may not."""
    client = s3_client(settings)
    for objects in (ObjectStore(client, settings.data_bucket), ObjectStore(client, settings.mlflow_bucket)):
        try:
            objects.put(TRIAL_KEY, b"trial")
            objects.get(TRIAL_KEY)
            objects.keys(TRIAL_KEY)
            objects.remove(TRIAL_KEY)
        except StorageUnavailable as error:
            raise SystemExit(
                f"S3_SERVICE_ACCESS_KEY: the account '{settings.access_key}' may not write, read, list and remove in "
                f"the bucket '{objects.bucket}' ({error.__cause__}): 'make s3-account' gives MinIO such an account; "
                "or unset S3_SERVICE_ACCESS_KEY to use MINIO_ACCESS_KEY everywhere."
            ) from None
    log.info("Account %s may write, read, list and remove in both.", settings.access_key)


def main() -> None:
    """Prepare the store for the services."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    settings = load(S3SetupSettings)
    create_buckets(settings)
    if settings.service_access_key:
        try_account(settings.of_service())


if __name__ == "__main__":
    main()
