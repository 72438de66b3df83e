"""The introduction and the tags of `/docs` and `/redoc`, and the page `/redoc` itself."""

from pathlib import Path
from string import Template

from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_redoc_html
from fastapi.responses import HTMLResponse

from fastapi_app.long_requests import MAX_WAITING
from fastapi_app.middleware import MAX_BODY_BYTES
from song_preference.settings import RestSettings

STATIC = "/static-offline-docs"
"""Where fastapi_offline serves the files of the pages."""

TAGS = [
    {"name": "Predictions", "description": "Whether the listener will like a song, or each of many, and why."},
    {"name": "Songs", "description": "Songs of the catalogue by name, and those that the listener would like."},
    {"name": "Model", "description": "The model in use, the versions in the registry, refresh and rollback."},
    {"name": "Datasets", "description": "The listener's playlists, as the pipeline prepared them: dataset versions."},
    {"name": "Pipeline", "description": "Runs that prepare a playlist and train a model on it."},
    {
        "name": "Catalogue",
        "description": "Songs by name that the listener brings, and what the model predicts for them.",
    },
    {
        "name": "Open Inference Protocol",
        "description": "The same predictions for clients of KServe's protocol, version 2, such as Triton's.",
    },
    {"name": "MLflow", "description": "The same predictions as `mlflow models serve` would give them."},
    {"name": "Health", "description": "Probes, and metrics for Prometheus."},
    {"name": "Service", "description": "The name of the service and its links."},
]

INTRODUCTION = Path(__file__).parent / "introduction.md"


def introduction(settings: RestSettings, max_batch_size: int, max_playlist_bytes: int | None) -> str:
    """Return the introduction with the limits of this service; without datasets it has none for a playlist."""
    limits = [
        ("songs in a batch", f"{max_batch_size:,}", 413),
        ("batches that wait for their turn", f"{MAX_WAITING:,}", 503),
        ("body of a request in JSON", _megabytes(MAX_BODY_BYTES), 413),
        ("file of songs to predict", _megabytes(settings.max_upload_bytes), 413),
    ]
    if max_playlist_bytes is not None:
        limits.append(("playlist, one file or two", _megabytes(max_playlist_bytes), 413))
    rows = "\n".join(f"| {what} | {most} | {status} |" for what, most, status in limits)
    return Template(INTRODUCTION.read_text(encoding="utf-8")).substitute(limits=rows)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.10g} MB"


router = APIRouter(include_in_schema=False)


@router.get("/redoc")
async def redoc(request: Request) -> HTMLResponse:
    """Return the page ReDoc."""
    root = request.scope.get("root_path", "")
    page = get_redoc_html(
        openapi_url=f"{root}{request.app.openapi_url}",
        title=f"{request.app.title} - ReDoc",
        redoc_js_url=f"{root}{STATIC}/redoc.standalone.js",
        redoc_favicon_url=f"{root}{STATIC}/favicon.png",
        with_google_fonts=False,
    )
    # ReDoc shows the logo of its makers, from their server; what is forbidden it leaves out.
    page.headers["Content-Security-Policy"] = "img-src 'self' data:"
    return page
