"""REST: the model in service and the registered versions; the service's links, health and metrics."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from fastapi_app.dependencies import NEEDS_KEY, Limit, MetricsDep, PredictorDep
from fastapi_app.errors import problems
from fastapi_app.schemas import Health, Live, ModelOut, Ready, RefreshOut, ServedOut, Service, VersionOut, refusal_of
from song_preference.errors import ModelRejected
from song_preference.prediction import RegisteredVersion
from song_preference.serving.model_store import ModelStore

router = APIRouter()

PATHS = ("/docs", "/redoc", "/openapi.json", "/graphql", "/model", "/health")
LINKS = {path.strip("/").removesuffix(".json"): path for path in PATHS}
START_PAGE = Path(__file__).parent / "start.html"
VARY = {"Vary": "Accept"}


@router.get(
    "/",
    tags=["Service"],
    operation_id="service",
    summary="Links of the service",
    response_model=Service,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
)
async def service(request: Request, response: Response) -> Any:
    """Name the service and its links; a browser gets a page of them."""
    if "text/html" in request.headers.get("accept", ""):
        return FileResponse(START_PAGE, headers=VARY)
    response.headers.update(VARY)
    return Service(name=request.app.title, version=request.app.version, links=LINKS)


@router.get("/model", tags=["Model"], operation_id="model", summary="Show the model in use", responses=problems(503))
async def model(predictor: PredictorDep) -> ServedOut:
    """Return the model in service."""
    return ServedOut.of(predictor.store)


# Not async, like the next: the registry may answer slowly, so FastAPI runs them in a thread.
@router.get(
    "/model/versions",
    tags=["Model"],
    operation_id="modelVersions",
    summary="List the versions in the registry",
    response_model=list[VersionOut],
    responses=problems(422, 503),
)
def versions(predictor: PredictorDep, limit: Limit = 20) -> list[RegisteredVersion]:
    """List the versions in the registry, the newest first."""
    return predictor.store.versions(limit)


@router.post(
    "/model/refresh",
    tags=["Model"],
    operation_id="refreshModel",
    summary="Load a new champion now",
    responses=problems(401, 409, 503),
    dependencies=[NEEDS_KEY],
)
def refresh(predictor: PredictorDep) -> RefreshOut:
    """Load the registry's champion now, even if it was rejected before."""
    store = predictor.store
    outcome = store.refresh(again=True)
    if outcome == "refused" and (rejection := store.rejection):
        raise ModelRejected(rejection)
    return RefreshOut(outcome=outcome, model=model_in_service(store))


def model_in_service(store: ModelStore) -> ModelOut | None:
    """Return the model in service; None before the first."""
    return ModelOut.model_validate(store.served.model.ref) if store.served else None


@router.get("/health", tags=["Health"], operation_id="health", summary="Links of the probes")
async def health() -> Health:
    """Confirm that the process answers, and link to the probes for liveness and readiness."""
    return Health()


@router.get("/health/live", tags=["Health"], operation_id="live", summary="Does the process answer?")
async def live() -> Live:
    """Confirm that the process answers."""
    return Live()


@router.get("/health/ready", tags=["Health"], operation_id="ready", summary="Can it predict?", responses=problems(503))
async def ready(predictor: PredictorDep) -> Ready:
    """Confirm that a model is loaded, so that the service can predict."""
    store = predictor.store
    served = store.current()
    return Ready(stale=served.stale, model=served.model.ref.version, refusal=refusal_of(store))


@router.get(
    "/metrics",
    tags=["Health"],
    operation_id="metrics",
    summary="Metrics for Prometheus",
    response_class=PlainTextResponse,
)
def metrics(metrics: MetricsDep) -> Response:
    """Return the metrics in Prometheus' format."""
    return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)
