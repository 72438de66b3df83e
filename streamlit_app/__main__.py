"""Start the dashboard: `python -m streamlit_app`; what its pages need is imported before the first visitor comes."""

import argparse
import math
import sys

from streamlit.web import cli

import streamlit_app.app
from song_preference.process import exempt_from_collection
from song_preference.settings import DashboardSettings, load
from song_preference.tls import client_tls


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="streamlit_app", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8504)
    options = parser.parse_args()
    address = ["--server.address", options.host, "--server.port", str(options.port)]
    # A wrong file ends the start, not a visitor's page.
    client_tls()
    # Streamlit counts in MiB.
    largest = math.ceil(load(DashboardSettings).max_upload_bytes / 2**20)
    exempt_from_collection()  # Streamlit collects after every run of a page
    sys.exit(cli.main(["run", streamlit_app.app.__file__, *address, "--server.maxUploadSize", str(largest)]))


if __name__ == "__main__":
    main()
