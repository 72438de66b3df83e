"""The first steps on the page "discover": a catalogue is uploaded, and followed until its songs are there."""

import httpx
import pytest
from streamlit.testing.v1 import AppTest

from song_preference.run_options import IMPORT_DAG, SCORING_DAG
from song_preference.serving.songs import SongSearch
from streamlit_app import data
from streamlit_app.discover.load import EXAMPLE, FOLLOWED, Followed
from streamlit_app.i18n import LANGUAGES, Language
from tests.support.airflow import FakeRun, task
from tests.support.dashboard import TEXTS, Open, Platform, refresh_catalogue, shown

VERSION = "0123456789ab"


def said(page: AppTest) -> list[str]:
    return [found.value for found in [*page.info, *page.error, *page.warning]]


def ended(platform: Platform, state: str = "success", version: str = VERSION) -> None:
    """Let the import end."""
    results = {"publish": {"version": version, "songs": 2}}
    (run,) = platform.airflow.runs[IMPORT_DAG]
    second = "success" if state == "success" else "upstream_failed"
    ended = FakeRun(run.run_id, state=state, tasks=[task("read", state), task("publish", second)], results=results)
    platform.airflow.runs[IMPORT_DAG] = [ended]


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_catalogue_the_page_says_what_one_is_and_where_some_are(
    platform: Platform, open_page: Open, language: Language
) -> None:
    page = open_page("discover", language)
    assert TEXTS["discover_empty"][language] in [found.value for found in page.header]
    assert TEXTS["discover_empty_text"][language] in shown(page)
    assert (said(page), len(page.file_uploader)) == ([], 1)


@pytest.mark.parametrize(("limits", "largest"), [((8, 5, 40), 8), ((5, 8, 40), 8), ((8, 5, 2), 2)])
def test_the_uploader_names_the_limit_that_a_catalogue_meets_first(
    environment: pytest.MonkeyPatch, open_page: Open, limits: tuple[int, int, int], largest: int
) -> None:
    for name, megabytes in zip(("DATASET", "LIST", "CATALOGUE"), limits, strict=True):
        environment.setenv(f"MAX_{name}_BYTES", str(megabytes * 10**6))
    data.settings.clear()
    styles = [found.proto.body for found in open_page("discover", "en").get("html")]
    assert any(f"At most {largest} MB." in style for style in styles)


def test_the_command_for_a_large_catalogue_names_the_ca(environment: pytest.MonkeyPatch, open_page: Open) -> None:
    environment.setenv("FASTAPI_BROWSER_URL", "https://rest.example")
    environment.setenv("TLS_CA_FILE_ON_HOST", "/etc/secrets/tls_cert.pem")
    data.settings.clear()
    command = open_page("discover", "en").code[0].value
    assert command.startswith("curl --cacert tls_cert.pem https://rest.example/catalogue ")


def test_an_upload_is_followed(platform: Platform, open_page: Open) -> None:
    page = open_page("discover", "es")
    page.file_uploader[0].set_value(("Mine.csv", b"title,artist\n", "text/csv")).run()
    page.button(key="discover_upload").click().run()
    assert platform.airflow.conf is not None
    assert platform.airflow.conf["source"].endswith("/Mine.csv")
    assert said(page) == [TEXTS["discover_reading"]["es"]]
    assert page.button(key="discover_example").disabled
    ended(platform)
    page.run()
    assert "está puntuando sus canciones" in said(page)[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_model_nobody_is_told_that_songs_are_being_scored(
    platform: Platform, open_page: Open, language: Language
) -> None:
    page = open_page("discover", language)
    page.button(key="discover_example").click().run()
    served, data.predictor().store.served = data.predictor().store.served, None
    ended(platform)
    assert TEXTS["discover_scoring_later"][language] in said(page.run())
    data.predictor().store.served = served
    assert TEXTS["discover_scoring_later"][language] not in said(page.run())


def test_a_scoring_that_fails_says_so_until_it_is_repeated(platform: Platform, open_page: Open) -> None:
    page = open_page("discover", "es")
    page.button(key="discover_example").click().run()
    ended(platform)
    scoring = platform.airflow.runs[SCORING_DAG]
    scoring.append(FakeRun("of-yesterday", "2026-11-24T23:00:00+00:00", "failed"))
    assert "está puntuando sus canciones" in said(page.run())[0]
    scoring.append(FakeRun("for-this-catalogue", "2026-11-26T00:01:00+00:00", "failed"))
    (failure,) = said(page.run())
    assert "no ha podido puntuar sus canciones" in failure
    assert f"/dags/{SCORING_DAG}" in failure
    scoring[-1].state = "running"
    assert "está puntuando sus canciones" in said(page.run())[0]


def test_songs_appear_once_they_are_scored(platform: Platform, indexed: SongSearch, open_page: Open) -> None:
    assert indexed.current
    page = open_page("discover", "en")
    assert "discover_example" not in [button.key for button in page.button]
    run = platform.airflow.client().trigger(IMPORT_DAG, {"source": EXAMPLE})
    page.session_state[FOLLOWED] = Followed(run.run_id)
    assert said(page.run()) == [TEXTS["discover_reading"]["en"]]
    ended(platform, version=indexed.current.catalogue)
    page.run()
    assert FOLLOWED not in page.session_state
    assert said(page) == []


def test_the_example_needs_no_file(platform: Platform, open_page: Open) -> None:
    open_page("discover", "es").button(key="discover_example").click().run()
    assert platform.airflow.conf == {"source": EXAMPLE}


def test_a_failed_import_says_why_and_another_may_follow(platform: Platform, open_page: Open) -> None:
    page = open_page("discover", "en")
    page.button(key="discover_example").click().run()
    ended(platform, "failed")
    platform.airflow.logs["read 1"] = [{"event": "No title.", "level": "error", "logger": "dag_parts.step"}]
    page.run()
    assert said(page) == [r"**The catalogue was not loaded.** No title\."]
    assert not page.button(key="discover_example").disabled


@pytest.mark.parametrize("part", ["rest", "airflow"])
def test_where_a_service_is_away_the_start_says_so(platform: Platform, open_page: Open, part: str) -> None:
    page = open_page("discover", "es")
    platform.take_down(part)
    page.file_uploader[0].set_value(("Mine.csv", b"title,artist\n", "text/csv")).run()
    page.button(key="discover_upload" if part == "rest" else "discover_example").click().run()
    assert not page.exception
    assert len(page.error) == 1
    assert FOLLOWED not in page.session_state


def test_while_airflow_is_away_an_import_is_still_followed(platform: Platform, open_page: Open) -> None:
    page = open_page("discover", "es")
    page.button(key="discover_example").click().run()
    platform.airflow.broken = httpx.ConnectError("refused")
    assert said(page.run()) == [TEXTS["missing_airflow"]["es"]]
    platform.airflow.broken = None
    assert said(page.run()) == [TEXTS["discover_reading"]["es"]]


def test_an_import_that_somebody_deleted_is_forgotten(platform: Platform, open_page: Open) -> None:
    page = open_page("discover", "es")
    page.button(key="discover_example").click().run()
    platform.airflow.runs[IMPORT_DAG] = []
    page.run()
    assert (said(page), FOLLOWED in page.session_state) == ([], False)


def test_a_platform_that_only_predicts_takes_no_catalogue(
    environment: pytest.MonkeyPatch, platform: Platform, open_page: Open
) -> None:
    environment.setenv("MANAGE_DATASETS", "false")
    data.settings.clear()
    page = open_page("discover", "es")
    assert TEXTS["discover_only_predicts"]["es"] in said(page)
    assert not page.file_uploader


def test_a_catalogue_that_goes_out_of_use_leaves_the_first_steps(
    platform: Platform, indexed: SongSearch, open_page: Open
) -> None:
    page = open_page("discover", "es")
    platform.registry.indexes.clear()
    refresh_catalogue()
    page.run()
    assert TEXTS["discover_empty"]["es"] in [found.value for found in page.header]
