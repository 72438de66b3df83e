"""What S3 answers in trouble, from a server that answers so, through the real client."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from song_preference.errors import DiskFull, StorageUnavailable
from song_preference.settings import S3Settings
from song_preference.storage import ObjectStore, s3_client


@contextmanager
def store_that_answers_puts_with(status: int, code: str) -> Iterator[ObjectStore]:
    class Answers(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(404)
            self.end_headers()

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = f"<Error><Code>{code}</Code><Message>It failed.</Message></Error>".encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        settings = S3Settings.model_validate(
            {
                "MLFLOW_S3_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
                "MINIO_ACCESS_KEY": "key",
                "MINIO_SECRET_ACCESS_KEY": "secret",
                "DATA_REPO_BUCKET_NAME": "data",
                "MLFLOW_BUCKET_NAME": "mlflow",
            }
        )
        yield ObjectStore(s3_client(settings), "data")
        server.shutdown()


def test_a_full_store_is_distinguished_from_one_that_is_away() -> None:
    with store_that_answers_puts_with(507, "XMinioStorageFull") as objects:
        for write in (objects.put, objects.put_new):
            with pytest.raises(DiskFull, match=r"S3 has no room left for s3://data/a\.csv: free some space"):
                write("a.csv", b"songs")


def test_a_store_that_fails_without_a_reason_is_named_and_may_be_full() -> None:
    failed = r"^S3 at http://127\.0\.0\.1:\d+ did not serve .* \(InternalError\): check that it runs, that its volume"
    with (
        store_that_answers_puts_with(500, "InternalError") as objects,
        pytest.raises(StorageUnavailable, match=failed),
    ):
        objects.put_new("a.csv", b"songs")


def test_an_object_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    with store_that_answers_puts_with(200, "") as objects:
        assert objects.size("a.csv") is None
        assert not objects.download("a.csv", tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []


def test_an_object_that_another_writer_has_just_written_stays() -> None:
    with store_that_answers_puts_with(412, "PreconditionFailed") as objects:
        assert not objects.put_new("a.csv", b"songs")
