"""REST: dataset versions."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator, BaseModel, Field

from fastapi_app.dependencies import MAX_LISTED, NEEDS_KEY, ApiKey, Limit, Offset, SettingsDep, SourcesDep, check_key
from fastapi_app.errors import problems
from fastapi_app.management import ManagementDep
from fastapi_app.uploads import PLAYLIST_BODY, Files, TurnsDep, playlist_on_disk, received
from song_preference.dataset import incoming, manage
from song_preference.dataset.inspect import as_csv, first_rows, opened, statistics
from song_preference.dataset.store import LATEST_NAME, Table
from song_preference.dataset.version import NAME_LENGTH, CheckedPlaylist, DatasetVersion, Spread, named
from song_preference.errors import DatasetNotFound
from song_preference.messages import Message
from song_preference.run_options import ETL_DAG, NAME, NEW_LISTENER
from song_preference.song_table.files import pieces
from song_preference.temporary import closing_after

MAX_SAMPLE = 100_000
MEDIA_TYPES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}

# Not async: S3, MLflow and Airflow may answer slowly, so FastAPI runs these in threads.
router = APIRouter(prefix="/datasets", tags=["Datasets"], responses=problems(503))

TABLES_WITH_KEY = {"raw", "scaled"}
"""Tables with every column of the playlist, such as titles; the others hold features and labels only."""

Version = Annotated[str, Path(pattern="^(latest|[0-9a-f]{12})$", description="Its name, or 'latest'.")]
Part = Annotated[Table, Query(description="Which table of the version.")]


class DatasetPage(BaseModel):
    """A page of the published versions, the newest first."""

    total: int = Field(description="How many there are altogether.")
    datasets: list[DatasetVersion]


class Renaming(BaseModel, extra="forbid"):
    """The name to give a version."""

    name: Annotated[str, Field(max_length=NAME_LENGTH), AfterValidator(named), Field(min_length=1)] = Field(
        description="What its listener calls it."
    )


class Preview(BaseModel):
    """The first rows of a table."""

    version: str
    part: str
    rows: list[dict[str, Any]] = Field(description="By column; those of 'raw' are text as it was uploaded.")


class Statistics(BaseModel):
    """Each feature's distribution among liked and disliked songs."""

    version: str
    spreads: list[Spread] = Field(description="One for each feature and label.")


class Accepted(BaseModel):
    """A valid upload, and the run of the pipeline that it started."""

    run_id: str
    source: str = Field(description="Where the file is stored; POST /pipeline/runs accepts it as a source.")
    preparation: CheckedPlaylist = Field(description="What the pipeline will make of it.")


async def playlist(request: Request, management: ManagementDep, turns: TurnsDep) -> AsyncIterator[Files]:
    """Yield the uploaded playlist, of one file or two, when its turn comes; close it once the answer is sent."""
    limit = management.playlist_settings.max_bytes
    async with (
        received(request, limit, Message("playlist_limit"), "playlist") as files,
        turns.of(*(upload.file for upload in files.values())),
    ):
        yield files


PlaylistDep = Annotated[Files, Depends(playlist)]


@dataclass(frozen=True)
class Checks:
    """Checks playlists, and completes those without features."""

    management: ManagementDep
    sources: SourcesDep

    def check(self, path: FilePath) -> tuple[FilePath, CheckedPlaylist]:
        """Return the file to use, and what the pipeline will make of it; raise `InvalidDataset` and `DiskFull`."""
        return manage.check_or_complete(path, self.management.playlist_settings.max_bytes, self.sources)


ChecksDep = Annotated[Checks, Depends()]


async def _raw_rows_need_key(settings: SettingsDep, part: Part = "features", key: ApiKey = None) -> None:
    if part in TABLES_WITH_KEY:
        check_key(settings, key)


@router.get("", operation_id="datasets", summary="List dataset versions")
def datasets(management: ManagementDep, limit: Limit = 20, offset: Offset = 0) -> DatasetPage:
    """List the published versions, the newest first."""
    published = management.datasets.published()
    return DatasetPage(total=len(published), datasets=published[offset : offset + limit])


@router.get("/{version}", operation_id="dataset", summary="Describe a dataset version", responses=problems(404, 422))
def dataset(version: Version, management: ManagementDep) -> DatasetVersion:
    """Describe a version: where it came from, how it was prepared and split."""
    return management.datasets.find(version)


@router.get(
    "/{version}/preview",
    operation_id="previewDataset",
    summary="Show the first rows of a table",
    responses=problems(401, 404, 422, 507),
    dependencies=[Depends(_raw_rows_need_key)],
)
def preview(
    version: Version,
    management: ManagementDep,
    part: Part = "features",
    limit: Annotated[int, Query(ge=1, le=MAX_LISTED, description="How many rows at most.")] = 20,
) -> Preview:
    """Show the first rows of a table; those of `raw` and `scaled`, the listener's own, need the key."""
    name = management.datasets.find(version).version
    return Preview(version=name, part=part, rows=first_rows(management.datasets, name, part, limit))


@router.get(
    "/{version}/statistics",
    operation_id="datasetStatistics",
    summary="Show the distribution of each feature",
    responses=problems(404, 422, 507),
)
def spreads(version: Version, management: ManagementDep) -> Statistics:
    """Return each feature's distribution among liked and disliked songs: histogram, quantiles, mean, deviation."""
    name = management.datasets.find(version).version
    return Statistics(version=name, spreads=statistics(management.datasets, name))


@router.get(
    "/{version}/download",
    operation_id="downloadDataset",
    summary="Download a table",
    responses={
        200: {"content": {media_type: {} for media_type in MEDIA_TYPES.values()}},
        **problems(401, 404, 422, 507),
    },
    response_class=Response,
    dependencies=[Depends(_raw_rows_need_key)],
)
def download(
    version: Version,
    management: ManagementDep,
    part: Part = "features",
    format: Literal["csv", "parquet"] = "csv",  # noqa: A002 - the name is the interface's
    at_most: Annotated[int | None, Query(ge=1, le=MAX_SAMPLE, description="Of more rows about as many.")] = None,
) -> StreamingResponse:
    """Send a table, whole or a sample of rows at equal distances.

    `raw` and `scaled`, the listener's own rows, need the key; `raw` is always the whole file as it came.
    """
    store = management.datasets
    name = store.find(version).version
    file = opened(store, name, part, at_most)
    content = as_csv(file) if format == "csv" and part != "raw" else pieces(file)
    extension = store.file(name, part).rpartition(".")[2] if part == "raw" else format
    headers = {"Content-Disposition": f'attachment; filename="{name}-{part}.{extension}"'}
    media_type = MEDIA_TYPES.get(extension, "application/octet-stream")
    return StreamingResponse(closing_after(file, content), headers=headers, media_type=media_type)


@router.post(
    "",
    operation_id="uploadDataset",
    summary="Upload a playlist and train on it",
    status_code=202,
    responses=problems(401, 413, 415, 422, 502, 507),
    dependencies=[NEEDS_KEY],
    openapi_extra={"requestBody": PLAYLIST_BODY},
)
def upload(
    files: PlaylistDep,
    checks: ChecksDep,
    response: Response,
    new_listener: Annotated[bool | None, Query(description=NEW_LISTENER.description["en"])] = None,
    name: Annotated[str | None, Query(max_length=NAME.longest, description=NAME.description["en"])] = None,
) -> Accepted:
    """Validate and store a playlist, and start the pipeline on it; follow the run at the address in `Location`.

    It is one `file` with labels, or two, `liked` and `disliked`. Without features, their songs are looked up in the
    catalogue, and the file is stored with what was found; the zip that Spotify sends is such a file, with labels.
    """
    with playlist_on_disk(files) as path:
        kept, preparation = checks.check(path)
        given = files.get("file") or files["liked"]
        objects = checks.management.datasets.objects
        with kept.open("rb") as file, incoming.kept(file, given.filename or "", objects) as source:
            asked = {"source": source, NAME.name: name, NEW_LISTENER.name: new_listener}
            params = {option: value for option, value in asked.items() if value is not None}
            run = checks.management.airflow.trigger(ETL_DAG, params)
    response.headers["Location"] = f"/pipeline/runs/{quote(run.run_id, safe='')}"
    return Accepted(run_id=run.run_id, source=source, preparation=preparation)


@router.post(
    "/validate",
    operation_id="validateDataset",
    summary="Check a playlist",
    responses=problems(413, 415, 422, 507),
    openapi_extra={"requestBody": PLAYLIST_BODY},
)
def validate(files: PlaylistDep, checks: ChecksDep) -> CheckedPlaylist:
    """Validate a playlist as the pipeline does, without storing it.

    It is one `file` with labels, or two, `liked` and `disliked`. Without features, their songs are looked up in the
    catalogue, then at the service that FEATURES_API may name: how many were found where, and which not, is among the
    `normalisations`.
    """
    with playlist_on_disk(files) as path:
        return checks.check(path)[1]


@router.patch(
    "/{version}",
    operation_id="renameDataset",
    summary="Rename a dataset version",
    responses=problems(400, 401, 404, 415, 422),
    dependencies=[NEEDS_KEY],
)
def rename(version: Version, asked: Renaming, management: ManagementDep) -> DatasetVersion:
    """Give a version another name, in MLflow too."""
    return manage.rename(management.datasets, management.registry, version, asked.name)


@router.delete(
    "/{version}",
    operation_id="deleteDataset",
    summary="Delete a dataset version",
    status_code=204,
    responses=problems(401, 404, 409, 422),
    dependencies=[NEEDS_KEY],
)
def delete(version: Version, management: ManagementDep) -> None:
    """Delete a version that is not the latest and that no registered model was trained on.

    A playlist that was uploaded with `POST /datasets` is deleted too, unless another version came from it.
    """
    if version == LATEST_NAME:
        raise DatasetNotFound(Message("latest_dataset_stays"))
    manage.remove(management.datasets, management.registry, version)
