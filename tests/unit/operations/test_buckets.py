from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from operations import buckets
from operations.buckets import create_buckets
from song_preference.settings import S3Settings


class FakeS3:
    """A store with some buckets, which does not answer at first."""

    def __init__(self, *existing: str, failures: float = 0) -> None:
        self.buckets, self.failures = list(existing), failures

    def list_buckets(self) -> dict[str, Any]:
        if self.failures > 0:
            self.failures -= 1
            raise EndpointConnectionError(endpoint_url="http://s3")
        return {"Buckets": [{"Name": name} for name in self.buckets]}

    def create_bucket(self, *, Bucket: str) -> None:  # noqa: N803 - boto3's own name
        self.buckets.append(Bucket)


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> S3Settings:
    monkeypatch.setattr("time.sleep", lambda _: None)
    return S3Settings.model_validate(
        {
            "MLFLOW_S3_ENDPOINT_URL": "http://s3",
            "MINIO_ACCESS_KEY": "root",
            "MINIO_SECRET_ACCESS_KEY": "secret",
            "DATA_REPO_BUCKET_NAME": "data",
            "MLFLOW_BUCKET_NAME": "mlflow",
        }
    )


@pytest.mark.parametrize("existing", [[], ["data"], ["other", "mlflow", "data"]])
def test_the_missing_buckets_are_created_once_s3_answers(
    settings: S3Settings, monkeypatch: pytest.MonkeyPatch, existing: list[str]
) -> None:
    s3 = FakeS3(*existing, failures=2)
    monkeypatch.setattr(buckets, "s3_client", lambda _: s3)
    create_buckets(settings)
    assert sorted(s3.buckets) == sorted({*existing, "data", "mlflow"})


def test_an_s3_that_does_not_answer_ends_the_process_with_the_remedy(
    settings: S3Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3 = FakeS3(failures=float("inf"))
    monkeypatch.setattr(buckets, "s3_client", lambda _: s3)
    monkeypatch.setattr(buckets, "SECONDS_FOR_S3_TO_ANSWER", 0.01)
    with pytest.raises(SystemExit, match=r"S3 at http://s3 did not answer within .*check that it runs"):
        create_buckets(settings)
    assert s3.buckets == []
