"""Writes the committed descriptions of the APIs: `python -m fastapi_app.published [--check]`."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import SecretStr

from fastapi_app.app import create_app
from fastapi_app.graphql import schema
from fastapi_app.management import Management
from song_preference.serving.model_store import ModelStore
from song_preference.serving.predictor import Predictor
from song_preference.serving.songs import SongSearch
from song_preference.settings import PlaylistSettings, RestSettings

ROOT = Path(__file__).resolve().parent.parent
CONFIGURATION = ROOT / ".env"


def descriptions() -> dict[Path, str]:
    """Return the content of each description by its file, with the default limits."""
    default = {name: int(value or 0) for name, value in dotenv_values(CONFIGURATION).items() if name.startswith("MAX_")}
    unused: Any = None
    predictor = Predictor(ModelStore(unused, 1, ""), default["MAX_BATCH_SIZE"])
    settings = RestSettings.model_construct(
        api_key=SecretStr("unused"),
        max_upload_bytes=default["MAX_UPLOAD_BYTES"],
        graphql_ide=False,
        manages_datasets=True,
    )
    playlist_settings = PlaylistSettings.model_construct(max_bytes=default["MAX_DATASET_BYTES"])
    management = Management(unused, unused, unused, playlist_settings, unused, unused)
    openapi = json.dumps(create_app(SongSearch(None, predictor), settings, management).openapi(), indent=2) + "\n"
    return {ROOT / "openapi.json": openapi, ROOT / "schema.graphql": schema.sdl()}


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the files, or exit with an error if they differ from the code."""
    parser = argparse.ArgumentParser(prog="fastapi_app.published", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing and fail if a file differs")
    is_check = parser.parse_args(arguments).check
    different = {path: text for path, text in descriptions().items() if not path.exists() or path.read_text() != text}
    if is_check and different:
        names = ", ".join(path.name for path in different)
        sys.exit(f"Out of date: {names}. Run `make published`.")
    for path, text in different.items():
        path.write_text(text)


if __name__ == "__main__":
    main()
