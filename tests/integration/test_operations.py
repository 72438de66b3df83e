"""Buckets, made and backed up in a real store."""

import io

import pytest
from pydantic import SecretStr

from operations.backup import load_into, save
from operations.buckets import TRIAL_KEY, create_buckets, try_account
from song_preference.dataset.store import DatasetStore
from song_preference.settings import S3Settings
from song_preference.storage import ObjectStore, s3_client


def test_buckets_are_made_once(environment: dict[str, str]) -> None:
    create_buckets(S3Settings())
    names = {bucket["Name"] for bucket in s3_client(S3Settings()).list_buckets()["Buckets"]}
    assert {environment["DATA_REPO_BUCKET_NAME"], environment["MLFLOW_BUCKET_NAME"]} <= names


@pytest.mark.usefixtures("environment")
def test_an_account_is_tried_in_both_buckets_and_one_that_may_not_is_named_with_the_remedy() -> None:
    settings = S3Settings()
    try_account(settings)
    objects = ObjectStore(s3_client(settings), settings.data_bucket)
    assert objects.get(TRIAL_KEY) is None
    unknown = settings.model_copy(update={"access_key": "nobody", "secret_key": SecretStr("wrong-secret")})
    with pytest.raises(SystemExit, match=r"the account 'nobody' may not write.*'make s3-account' gives MinIO such"):
        try_account(unknown)


def test_a_backup_of_a_bucket_brings_back_what_was_lost_and_what_was_changed(store: DatasetStore) -> None:
    objects, backup = store.objects, io.BytesIO()
    objects.put_new("lost.csv", b"songs")
    objects.put("datasets/latest.json", b"of then")
    client = s3_client(S3Settings())
    assert save(client, [objects.bucket], backup) == 2

    objects.remove("lost.csv")
    objects.put("datasets/latest.json", b"of today")
    assert load_into(client, [objects.bucket], io.BytesIO(backup.getvalue())) == 2
    assert (objects.get("lost.csv"), objects.get("datasets/latest.json")) == (b"songs", b"of then")
    assert client.head_object(Bucket=objects.bucket, Key="lost.csv")["ContentType"] == "application/csv"
