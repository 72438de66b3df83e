"""Writes uploaded files to disk, so that their size costs no memory, and lets them be read in turn."""

import os
import shutil
from asyncio import Semaphore
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http import HTTPStatus
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated, Any, BinaryIO, cast

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from fastapi_app.dependencies import SettingsDep, from_state
from fastapi_app.middleware import limited
from song_preference.errors import InvalidUpload, UploadTooLarge
from song_preference.messages import Message
from song_preference.temporary import raising_disk_full, temporary_directory

SHORT_BYTES = 2_000_000
"""Size up to which a file is short: about 20,000 songs, read in less than a second."""

IN_MEMORY_BYTES = 1_000_000
"""Size up to which a file stays in memory, as in Starlette's forms."""

FILE = {"type": "string", "format": "binary"}
EXAMPLE = "title,speechiness,energy,danceability,acousticness\nIntro,0.0444,0.521,0.514,0.713\n"
REQUEST_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {"schema": {"type": "object", "required": ["file"], "properties": {"file": FILE}}},
        "text/csv": {"schema": {"type": "string"}, "example": EXAMPLE},
    },
}
"""The OpenAPI description of an upload, which FastAPI cannot derive from a streamed body."""


class ReadingTurns:
    """Bounds how many files are read at once: 2,000,000 songs take half of the memory that the service has in Docker.

    A short file does not wait for a long one.
    """

    def __init__(self) -> None:
        self._long, self._short = Semaphore(1), Semaphore(2)

    def of(self, file: IO[bytes]) -> Semaphore:
        """Return the semaphore to hold while a file is read."""
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        return self._short if size <= SHORT_BYTES else self._long


TurnsDep = Annotated[ReadingTurns, from_state("reading_turns")]


async def uploaded(request: Request, settings: SettingsDep) -> AsyncIterator[IO[bytes]]:
    """Yield the CSV to score, closed once the answer is sent; raise `UploadTooLarge` and `InvalidUpload`."""
    async with received(request, settings.max_upload_bytes, Message("split_the_file")) as file:
        yield file


UploadDep = Annotated[IO[bytes], Depends(uploaded)]


@asynccontextmanager
async def received(request: Request, limit: int, remedy: Message) -> AsyncIterator[IO[bytes]]:
    """Yield the uploaded file of at most `limit` bytes; raise `UploadTooLarge`, `InvalidUpload` and `DiskFull`."""

    def too_large() -> UploadTooLarge:
        return UploadTooLarge(Message("upload_too_large", {"limit": limit, "remedy": remedy.as_json()}))

    sent = Request(request.scope, limited(request.receive, limit, too_large))
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        with raising_disk_full():
            async with sent.form(max_files=1, max_fields=10) as form:
                yield _file_of(form)
    elif kind == "text/csv":
        with raising_disk_full():
            async with _body_of(sent) as file:
                yield file
    else:
        detail = "Send the CSV as the field 'file' of a multipart/form-data body, or as a text/csv body."
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)


def _file_of(form: FormData) -> IO[bytes]:
    upload = form.get("file")
    if not isinstance(upload, UploadFile):
        raise InvalidUpload(Message("upload_without_file"))
    return upload.file


@asynccontextmanager
async def _body_of(request: Request) -> AsyncIterator[IO[bytes]]:
    with SpooledTemporaryFile(IN_MEMORY_BYTES) as file:
        # Writes in a thread once the file is on disk.
        upload = UploadFile(cast("BinaryIO", file))
        async for chunk in request.stream():
            await upload.write(chunk)
        await upload.seek(0)
        yield upload.file


@contextmanager
def on_disk(file: IO[bytes]) -> Iterator[Path]:
    """Yield a copy of the file on disk, deleted afterwards."""
    with temporary_directory() as directory:
        path = directory / "playlist"
        with path.open("wb") as target:
            shutil.copyfileobj(file, target)
        yield path
