"""REST: the catalogue, songs by name that the champion scores."""

from collections.abc import AsyncIterator
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from fastapi_app.dependencies import NEEDS_KEY, PredictorDep, SongsDep
from fastapi_app.errors import problems
from fastapi_app.management import ManagementDep
from fastapi_app.uploads import FILES_BODY, Files, as_one, received
from song_preference.catalogue.version import CatalogueVersion, Scores, scores_folder
from song_preference.dataset.incoming import CATALOGUES, kept
from song_preference.errors import CatalogueNotFound
from song_preference.messages import Message
from song_preference.pipeline.report import ImportReport, import_report
from song_preference.run_options import IMPORT_DAG

# Not async: S3 and Airflow may answer slowly, so FastAPI runs these in threads.
router = APIRouter(prefix="/catalogue", tags=["Catalogue"], responses=problems(503))


class IndexOut(BaseModel):
    """The index that this service searches."""

    catalogue: str = Field(description="The catalogue whose songs it has.")
    model: str = Field(description="The version of the model whose answers it has.")
    songs: int = Field(description="How many songs it has, the most popular ones.")
    stale: bool = Field(description="Whether another catalogue or another version of the model is in use.")


class CatalogueOut(BaseModel):
    """The catalogue in use, and what the model in service says of its songs."""

    catalogue: CatalogueVersion
    scores: Scores | None = Field(description="Of the model in service; null until they are there.")
    index: IndexOut | None = Field(description="Null until this service has fetched one.")


class ImportStarted(BaseModel):
    """The run that imports an upload."""

    run_id: str
    source: str = Field(description="Where the file is stored.")


async def catalogue_files(request: Request, management: ManagementDep) -> AsyncIterator[Files]:
    """Yield the files of the uploaded catalogue; close them once the answer is sent."""
    limit = management.catalogue_settings.max_bytes
    async with received(request, limit, Message("catalogue_limit"), "files") as files:
        yield files


@router.post(
    "",
    operation_id="uploadCatalogue",
    summary="Upload a catalogue",
    status_code=202,
    responses=problems(401, 413, 415, 422, 502, 507),
    dependencies=[NEEDS_KEY],
    openapi_extra={"requestBody": FILES_BODY},
)
def upload(
    files: Annotated[Files, Depends(catalogue_files)], management: ManagementDep, response: Response
) -> ImportStarted:
    """Store tables of songs with title, artist and features, as several files or a zip, and start their import.

    Follow the run at the address in `Location`; the catalogue before stays in use until it ends.
    """
    first = next(iter(files.values()))
    objects = management.datasets.objects
    with as_one(files) as file, kept(file, first.filename or "", objects, CATALOGUES) as source:
        run = management.airflow.trigger(IMPORT_DAG, {"source": source})
    response.headers["Location"] = f"/catalogue/runs/{quote(run.run_id, safe='')}"
    return ImportStarted(run_id=run.run_id, source=source)


@router.get("", operation_id="catalogue", summary="Describe the catalogue in use", responses=problems(404))
def catalogue(management: ManagementDep, predictor: PredictorDep, songs: SongsDep) -> CatalogueOut:
    """Describe the catalogue in use: where it came from, how it was read, and how many songs the model likes."""
    if (found := management.catalogues.latest()) is None:
        raise CatalogueNotFound(Message("no_catalogue_yet"))
    served, index = predictor.store.served, songs.current
    scores = management.catalogues.scores(found.version, scores_folder(served.model.ref)) if served else None
    about = index and IndexOut(**index._asdict(), stale=index.catalogue != found.version or songs.is_stale(index))
    return CatalogueOut(catalogue=found, scores=scores, index=about)


@router.get(
    "/runs/{run_id}", operation_id="catalogueRun", summary="Follow an import", responses=problems(404, 422, 502)
)
def run(run_id: str, management: ManagementDep) -> ImportReport:
    """Return the state of an import, and why it failed or which catalogue it published."""
    return import_report(management.airflow, run_id)
