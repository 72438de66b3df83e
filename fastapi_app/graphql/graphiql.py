"""GraphiQL, the page of `/graphql`, served from local files, so that it works without internet access."""

from base64 import b64encode
from hashlib import sha384
from http import HTTPStatus
from pathlib import Path

from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException

FOLDER = Path(__file__).parent / "static"
"""Folder of the page's files; `scripts/graphiql` fetches all but `index.html` and `page.js`."""

ASSETS = {
    "graphiql.min.css": "text/css",
    "react.production.min.js": "text/javascript",
    "react-dom.production.min.js": "text/javascript",
    "graphiql.min.js": "text/javascript",
    "page.js": "text/javascript",
}

PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src data:; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
}
"""Headers that forbid other origins; inline styles are allowed, since the editor sets them."""

ASSET_HEADERS = {"Cache-Control": "public, max-age=31536000, immutable"}
"""Headers that let browsers cache a file for a year, since its URL has the hash of its content."""


def page() -> str:
    """Return the page, with the hash of each file, which the browser verifies."""
    html = (FOLDER / "index.html").read_text()
    for name in ASSETS:
        digest = sha384((FOLDER / name).read_bytes())
        address = f"graphql/assets/{name}?{digest.hexdigest()[:12]}"
        html = html.replace(f'"{name}"', f'"{address}" integrity="sha384-{b64encode(digest.digest()).decode()}"')
    return html


async def asset(name: str) -> FileResponse:
    """Return one of the page's files."""
    if name not in ASSETS:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return FileResponse(FOLDER / name, media_type=ASSETS[name], headers=ASSET_HEADERS)
