"""Run the service: `python -m fastapi_app --host 127.0.0.1 --port 8803`."""

import argparse
import logging

from fastapi_app.app import create_app
from fastapi_app.server import configuration, serve
from operations.preflight import DEVELOPMENT_VALUES
from song_preference import logs
from song_preference.serving.registry import following_champion, following_index
from song_preference.serving.songs import SongSearch
from song_preference.settings import RestSettings, ServingSettings, load
from song_preference.temporary import keep_to_tmpdir, remove_leftovers
from song_preference.tls import server_tls

log = logging.getLogger(__name__)


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="fastapi_app", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    logs.configure()
    keep_to_tmpdir()
    remove_leftovers()
    settings, serving, tls = load(RestSettings), load(ServingSettings), server_tls()
    if settings.api_key.get_secret_value() == DEVELOPMENT_VALUES["API_KEY"]:
        log.warning("API_KEY is the publicly known development value: set your own.")
    management = None
    if settings.manages_datasets:
        from fastapi_app.management import Management

        management = Management.of_environment()
    predictor = following_champion(serving, with_challenger=True)
    songs = SongSearch(following_index(serving, "fastapi"), predictor)
    app = create_app(songs, settings, management)
    serve(configuration(app, options.host, options.port, settings.trusted_proxies, tls))


if __name__ == "__main__":
    main()
