"""The introduction and the tags of `/docs` and `/redoc`, and the page `/redoc` itself."""

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

INTRODUCTION = """\
Predicts whether a listener will like a song from four audio features, speechiness, energy, danceability and
acousticness, with a model that was trained on this listener's playlist. The same predictions are at `/graphql`, over
gRPC, and for other tools at `/v2` (Open Inference Protocol) and `/invocations` (MLflow).

## First steps

```sh
curl http://127.0.0.1:8803/predict -H 'Content-Type: application/json' \\
  -d '{{"speechiness": 0.0444, "energy": 0.521, "danceability": 0.514, "acousticness": 0.713}}'
curl http://127.0.0.1:8803/predict/csv -F file=@incoming/new_songs.csv
curl -X POST http://127.0.0.1:8803/model/refresh -H 'X-API-Key: development-only-api-key'
```

## Key

Predictions need no key. Requests that change something, and those for the listener's own rows (the tables `raw` and
`scaled`), need the header `X-API-Key` with the service's `API_KEY`; at `/docs`, the button *Authorize* adds it. Its
default, `development-only-api-key`, is public: replace it before others can reach the service.

## Limits

| | at most | beyond it |
|---|---|---|
{limits}

There is no limit on the number of requests of one caller. Errors are problems of RFC 9457: `detail` says what is wrong
and what to do, `errors` names the fields.
"""


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
    return INTRODUCTION.format(limits="\n".join(f"| {what} | {most} | {status} |" for what, most, status in limits))


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
