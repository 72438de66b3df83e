"""Create the buckets and test the services' account: `python -m operations.buckets`, at every start of both stacks."""

import logging
import time

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import Field, SecretStr

from song_preference.errors import StorageUnavailable
from song_preference.settings import S3Settings, load
from song_preference.storage import ObjectStore, s3_client

log = logging.getLogger(__name__)

SECONDS_FOR_S3_TO_ANSWER = 20
TRIAL_KEY = ".account-trial"


class S3SetupSettings(S3Settings):
    """The store's root account, and the account of MLflow, the tasks and FastAPI if that is another one."""

    service_access_key: str = Field("", validation_alias="S3_SERVICE_ACCESS_KEY")
    service_secret_key: SecretStr = Field(SecretStr(""), validation_alias="S3_SERVICE_SECRET_KEY")


def create_buckets(settings: S3Settings) -> None:
    """Create the missing buckets as soon as S3 answers; end the process if it does not."""
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
    """Write, read, list and remove an object in both buckets; end the process if the account may not."""
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
    """Create the buckets, then test the account if it is not root's."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    settings = load(S3SetupSettings)
    create_buckets(settings)
    if settings.service_access_key:
        account = {"access_key": settings.service_access_key, "secret_key": settings.service_secret_key}
        try_account(settings.model_copy(update=account))


if __name__ == "__main__":
    main()
