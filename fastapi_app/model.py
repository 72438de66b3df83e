"""REST: the model in service and the registered versions; the service's links, health and metrics."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from fastapi_app.dependencies import NEEDS_KEY, Limit, MetricsDep, PredictorDep
from fastapi_app.errors import problems
from fastapi_app.schemas import Live, ModelOut, Ready, RefreshOut, ServedOut, Service, VersionOut
from song_preference.serving.model_store import ModelStore

router = APIRouter()


@router.get("/", tags=["service"], operation_id="service")
async def service(request: Request) -> Service:
    """Name the service and its links."""
    app = request.app
    return Service(
        name=app.title,
        version=app.version,
        links={"docs": "/docs", "openapi": "/openapi.json", "graphql": "/graphql", "model": "/model"},
    )


@router.get("/model", tags=["model"], operation_id="model", responses=problems(503))
async def model(predictor: PredictorDep) -> ServedOut:
    """Return the model in service."""
    return ServedOut.of(predictor.store)


# Not async, like the next: the registry may answer slowly, so FastAPI runs them in a thread.
@router.get("/model/versions", tags=["model"], operation_id="modelVersions", responses=problems(422, 503))
def versions(predictor: PredictorDep, limit: Limit = 20) -> list[VersionOut]:
    """List the versions in the registry, the newest first."""
    return [VersionOut.model_validate(found) for found in predictor.store.versions(limit)]


@router.post(
    "/model/refresh",
    tags=["model"],
    operation_id="refreshModel",
    responses=problems(401, 409, 503),
    dependencies=[NEEDS_KEY],
)
def refresh(predictor: PredictorDep) -> RefreshOut:
    """Load the registry's champion now, even if it was rejected before."""
    outcome = predictor.store.refresh(again=True)
    return RefreshOut(outcome=outcome, model=model_in_service(predictor.store))


def model_in_service(store: ModelStore) -> ModelOut | None:
    """Return the model in service; None before the first."""
    return ModelOut.model_validate(store.served.model.ref) if store.served else None


@router.get("/health/live", tags=["health"], operation_id="live")
async def live() -> Live:
    """Confirm that the process answers."""
    return Live()


@router.get("/health/ready", tags=["health"], operation_id="ready", responses=problems(503))
async def ready(predictor: PredictorDep) -> Ready:
    """Confirm that a model is loaded, so that the service can predict."""
    store = predictor.store
    served = store.current()
    return Ready(stale=served.stale, model=served.model.ref.version, refusal=store.refusal)


@router.get("/metrics", tags=["health"], operation_id="metrics", response_class=PlainTextResponse)
def metrics(metrics: MetricsDep) -> Response:
    """Return the metrics in Prometheus' format."""
    return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)
