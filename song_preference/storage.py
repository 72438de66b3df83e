"""The S3 bucket, as far as this project uses it.

`python -m song_preference.storage` creates the buckets once S3 answers: the one-shot of both stacks.
"""

import logging
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from song_preference.settings import S3Settings, load

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)

SECONDS_FOR_S3_TO_ANSWER = 60


def s3_client(settings: S3Settings) -> "S3Client":
    """A client for the S3 server of the settings, MinIO or any other."""
    return boto3.client(
        "s3",
        endpoint_url=settings.endpoint_url,
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key.get_secret_value(),
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}, connect_timeout=5, read_timeout=60, retries={"max_attempts": 3}),
    )


class ObjectStore:
    """One bucket, by key."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self.bucket = bucket

    def uri(self, key: str) -> str:
        """The key's `s3://` address."""
        return f"s3://{self.bucket}/{key}"

    def get(self, key: str) -> bytes | None:
        """The object's bytes, or None where there is none."""
        try:
            return self._client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in {"NoSuchKey", "404"}:
                return None
            raise

    def put(self, key: str, content: bytes) -> None:
        """Write or replace the object."""
        self._client.put_object(Bucket=self.bucket, Key=key, Body=content)

    def put_new(self, key: str, content: bytes) -> bool:
        """Write the object unless it exists; tells whether it was written."""
        try:
            self._client.put_object(Bucket=self.bucket, Key=key, Body=content, IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] in {"PreconditionFailed", "412"}:
                return False
            raise
        return True

    def size(self, key: str) -> int:
        """The object's size in bytes; raises `ClientError` where there is none."""
        return self._client.head_object(Bucket=self.bucket, Key=key)["ContentLength"]

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys below the prefix."""
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
            for found in page.get("Contents", []):
                yield found["Key"]


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


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    create_buckets(load(S3Settings))
