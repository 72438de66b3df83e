"""Writes uploaded files to disk, so that their size costs no memory, and lets them be read in turn."""

import os
import shutil
from asyncio import Semaphore
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from http import HTTPStatus
from operator import itemgetter
from pathlib import Path, PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated, Any, BinaryIO, Literal, cast

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from fastapi_app.dependencies import SettingsDep, from_state
from fastapi_app.middleware import limited
from song_preference.errors import InvalidUpload, UploadTooLarge
from song_preference.messages import Message
from song_preference.song_table.playlist import pack
from song_preference.temporary import raising_disk_full, temporary_directory

SHORT_BYTES = 2_000_000
"""Size up to which a file is short: about 20,000 songs, read in less than a second."""

IN_MEMORY_BYTES = 1_000_000
"""Size up to which a file stays in memory, as in Starlette's forms."""

FILE = {"type": "string", "format": "binary"}
EXAMPLE = "title,speechiness,energy,danceability,acousticness\nIntro,0.0444,0.521,0.514,0.713\n"
ONE_FILE = ("file",)
TWO_FILES = ("disliked", "liked")


def _body(*forms: Sequence[str]) -> dict[str, Any]:
    """Return the OpenAPI description of an upload, which FastAPI cannot derive from a streamed body."""
    schemas = [{"type": "object", "required": [*fields], "properties": dict.fromkeys(fields, FILE)} for fields in forms]
    form = schemas[0] if len(schemas) == 1 else {"oneOf": schemas}
    text = {"schema": {"type": "string"}, "example": EXAMPLE}
    return {"required": True, "content": {"multipart/form-data": {"schema": form}, "text/csv": text}}


FILE_BODY = _body(ONE_FILE)
FILES_BODY = _body(ONE_FILE)
FILES_BODY["content"]["multipart/form-data"]["schema"]["properties"]["file"] = {"type": "array", "items": FILE}
PLAYLIST_BODY = _body(ONE_FILE, TWO_FILES)
Files = Mapping[str, UploadFile]
"""Uploaded files by the form's field; several of one field by their number and name."""

Expected = Literal["file", "playlist", "files"]
"""What a form has: a file; a playlist, which may be two; or any number of files."""

MOST_FILES: dict[Expected, int] = {"file": 1, "playlist": 2, "files": 100}


class ReadingTurns:
    """Bounds how many files are read at once: 2,000,000 songs take half of the memory that the service has in Docker.

    A short file does not wait for a long one.
    """

    def __init__(self) -> None:
        self._long, self._short = Semaphore(1), Semaphore(2)

    def of(self, *files: IO[bytes]) -> Semaphore:
        """Return the semaphore to hold while files are read."""
        size = sum(file.seek(0, os.SEEK_END) for file in files)
        for file in files:
            file.seek(0)
        return self._short if size <= SHORT_BYTES else self._long


TurnsDep = Annotated[ReadingTurns, from_state("reading_turns")]


async def uploaded(request: Request, settings: SettingsDep) -> AsyncIterator[IO[bytes]]:
    """Yield the CSV to score, closed once the answer is sent; raise `UploadTooLarge` and `InvalidUpload`."""
    async with received(request, settings.max_upload_bytes, Message("split_the_file")) as files:
        yield files["file"].file


UploadDep = Annotated[IO[bytes], Depends(uploaded)]


@asynccontextmanager
async def received(request: Request, limit: int, remedy: Message, expected: Expected = "file") -> AsyncIterator[Files]:
    """Yield the uploaded file, or several, of at most `limit` bytes together.

    Raise `UploadTooLarge`, `InvalidUpload` and `DiskFull`.
    """

    def too_large() -> UploadTooLarge:
        return UploadTooLarge(Message("upload_too_large", {"limit": limit, "remedy": remedy.as_json()}))

    sent = Request(request.scope, limited(request.receive, limit, too_large))
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        with raising_disk_full():
            async with sent.form(max_files=MOST_FILES[expected], max_fields=10) as form:
                yield _files_of(form, expected)
    elif kind == "text/csv":
        with raising_disk_full():
            async with _body_of(sent) as file:
                yield {"file": file}
    else:
        detail = "Send the CSV as the field 'file' of a multipart/form-data body, or as a text/csv body."
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)


def _files_of(form: FormData, expected: Expected) -> Files:
    sent = [(field, upload) for field, upload in form.multi_items() if isinstance(upload, UploadFile)]
    fields = tuple(sorted(field for field, _ in sent))
    if expected == "files" and len(sent) > 1 and set(fields) == set(ONE_FILE):
        return {f"{at:02} {PurePosixPath(upload.filename or '').name}": upload for at, (_, upload) in enumerate(sent)}
    if fields != ONE_FILE and not (expected == "playlist" and fields == TWO_FILES):
        raise InvalidUpload(Message("upload_without_playlist" if expected == "playlist" else "upload_without_file"))
    # Liked before disliked, so that the same files are the same zip.
    return dict(sorted(sent, key=itemgetter(0), reverse=True))


@asynccontextmanager
async def _body_of(request: Request) -> AsyncIterator[UploadFile]:
    with SpooledTemporaryFile(IN_MEMORY_BYTES) as file:
        # Writes in a thread once the file is on disk.
        upload = UploadFile(cast("BinaryIO", file))
        async for chunk in request.stream():
            await upload.write(chunk)
        await upload.seek(0)
        yield upload


@contextmanager
def on_disk(file: IO[bytes]) -> Iterator[Path]:
    """Yield a copy of the file on disk, deleted afterwards."""
    with temporary_directory() as directory:
        path = directory / "playlist"
        with path.open("wb") as target:
            shutil.copyfileobj(file, target)
        yield path


@contextmanager
def packed(files: Files) -> Iterator[Path]:
    """Yield a zip of the files, deleted afterwards."""
    with temporary_directory() as directory:
        path = directory / "files"
        pack({name: upload.file for name, upload in files.items()}, path)
        yield path


def playlist_on_disk(files: Files) -> AbstractContextManager[Path]:
    """Return a context of a copy of the playlist on disk, two files as one zip, deleted afterwards."""
    return on_disk(files["file"].file) if "file" in files else packed(files)


@contextmanager
def as_one(files: Files) -> Iterator[BinaryIO]:
    """Yield the file, several as one zip, which is deleted afterwards."""
    if "file" in files:
        yield files["file"].file
    else:
        with packed(files) as path, path.open("rb") as file:
            yield file
