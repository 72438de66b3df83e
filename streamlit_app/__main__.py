"""Start the dashboard: `python -m streamlit_app`; what its pages need is imported before the first visitor comes."""

import argparse
import math
import sys
from pathlib import Path

from streamlit.web import cli

import streamlit_app.explore.page
import streamlit_app.model.page
import streamlit_app.pipeline.page
import streamlit_app.predict.page
import streamlit_app.songs.page  # noqa: F401 - see above
from song_preference.settings import DashboardSettings, load
from streamlit_app.songs.file import MAX_BYTES

SCRIPT = Path(__file__).with_name("app.py")


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="streamlit_app", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8504)
    options = parser.parse_args()
    address = ["--server.address", options.host, "--server.port", str(options.port)]
    # The larger one of the files that the pages take; Streamlit counts in MiB.
    largest = math.ceil(max(load(DashboardSettings).max_dataset_bytes, MAX_BYTES) / 2**20)
    sys.exit(cli.main(["run", str(SCRIPT), *address, "--server.maxUploadSize", str(largest)]))


if __name__ == "__main__":
    main()
