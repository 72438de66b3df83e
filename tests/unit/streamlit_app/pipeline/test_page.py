import httpx
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Caption, Markdown

from song_preference.dataset import sample
from song_preference.errors import Finding
from song_preference.features import FEATURES, LABEL
from song_preference.messages import Message
from song_preference.run_options import ETL_DAG, TRAINING_DAG
from streamlit_app.components import plain
from streamlit_app.data import pipeline
from streamlit_app.data.playlist import ManagementClient
from streamlit_app.health import Probes
from streamlit_app.i18n import LANGUAGES, Language, Locale
from streamlit_app.pipeline.progress import duration
from streamlit_app.pipeline.start import finding_row
from tests.support.airflow import FakeRun, task
from tests.support.dashboard import TEXTS, Open, Platform
from tests.support.playlists import CSV


@pytest.mark.parametrize(
    ("took", "expected"), [(3.21, "3,2 s"), (42.4, "42 s"), (59.96, "1 min 0 s"), (125, "2 min 5 s")]
)
def test_durations(took: float, expected: str) -> None:
    assert duration(Locale("es", TEXTS), took) == expected


def test_a_finding_names_the_first_rows_and_says_that_there_are_more() -> None:
    spanish = Locale("es", TEXTS)
    found = finding_row(spanish, Finding("energy", Message("not_a_number"), 1200, (2, 1004)))
    assert list(found.values()) == ["energy", "debe ser un número", "1.200", "2, 1.004 …"]
    assert list(finding_row(spanish, Finding(None, Message("empty_file"), 1)).values()) == [
        "El archivo",
        "está vacío",
        "",
        "",
    ]


@pytest.fixture
def reached(platform: Platform, environment: pytest.MonkeyPatch) -> Platform:
    """The platform, whose parts answer when they are asked for their health, too; gRPC alone is not there."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v2/monitor/health":
            return platform.airflow(request)
        if request.url.path.startswith("/api/2.0/mlflow"):
            return httpx.Response(503 if platform.registry.is_down else 200, json={"experiment": {}})
        if platform.rest_is_down:
            raise httpx.ConnectError("refused")
        known = {
            "/health/live": {"status": "live"},
            "/health/ready": {"model": "1"},
            "/graphql": {"data": {"__typename": "Query"}},
        }
        is_well = request.url.path in known or not platform.objects.is_down
        return httpx.Response(200 if is_well else 503, json=known.get(request.url.path, {}))

    transport = httpx.MockTransport(answer)
    environment.setattr(pipeline, "Probes", lambda rest, mlflow, airflow: Probes(rest, mlflow, airflow, transport))
    return platform


def texts(page: AppTest) -> list[str]:
    """Return the texts outside of boxes, from top to bottom."""
    return [str(node.value) for node in page.main if isinstance(node, Markdown | Caption)]


def shown(page: AppTest) -> str:
    return "\n".join(texts(page))


def card(page: AppTest, name: str) -> str:
    """Return the text about one service, up to the name of the next."""
    said = texts(page)
    first = said.index(f"**{name}**")
    ends = [at for at, text in enumerate(said) if at > first and text.startswith("**")]
    return "\n".join(said[first : min(ends, default=None)])


def test_each_part_has_its_state_and_its_page(reached: Platform, open_page: Open) -> None:
    page = open_page("pipeline", "es")
    assert "Funciona" in card(page, "REST")
    assert "(http://rest.example/docs)" in card(page, "REST")
    assert "desde el 25" not in card(page, "REST")
    assert "Versión 1, desde el" in card(page, "Este panel")
    assert "No funciona" in card(page, "gRPC")
    assert "grpc.example:50051" in card(page, "gRPC")


def test_a_page_that_only_this_machine_reaches_has_no_link(
    reached: Platform, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("S3_BROWSER_URL", "")
    assert "](" not in card(open_page("pipeline", "en"), "S3 store")


def test_a_part_that_is_down_is_reported(reached: Platform, open_page: Open) -> None:
    reached.objects.is_down = True
    page = open_page("pipeline", "en")
    assert "Down" in card(page, "S3 store")
    assert "(http://s3.example)" in card(page, "S3 store")
    assert "Works" in card(page, "MLflow")


@pytest.mark.parametrize("language", LANGUAGES)
def test_with_everything_down_each_part_is_reported(reached: Platform, open_page: Open, language: Language) -> None:
    reached.take_down()
    page = open_page("pipeline", language)
    assert not page.exception
    assert TEXTS["health_s3_unknown"][language] in card(page, TEXTS["part_s3"][language])
    assert TEXTS["missing_airflow"][language] in [warning.value for warning in page.warning]
    assert page.button(key="pipeline_start")


def test_nobody_waits_for_an_airflow_that_hangs(reached: Platform, open_page: Open) -> None:
    reached.airflow.broken = httpx.ReadTimeout("slow")
    page = open_page("pipeline", "es")
    assert TEXTS["health_hangs"]["es"] in card(page, "Airflow")
    assert [warning.value for warning in page.warning] == [TEXTS["missing_airflow"]["es"]] * 2
    assert set(reached.airflow.paths) == {"/api/v2/monitor/health"}


def start(page: AppTest) -> AppTest:
    return page.button(key="pipeline_start").click().run()


def test_a_run_starts_as_the_dag_would_have_it(reached: Platform, open_page: Open) -> None:
    page = start(open_page("pipeline", "es"))
    assert reached.airflow.conf == {}
    assert TEXTS["pipeline_now"]["es"] in [heading.value for heading in page.subheader]
    assert TEXTS["pipeline_queued"]["es"] in shown(page)
    assert page.button(key="pipeline_start").disabled


def test_a_run_starts_with_what_was_changed(reached: Platform, open_page: Open) -> None:
    page = open_page("pipeline", "en")
    page.slider[0].set_value(20)
    page.number_input[1].set_value(8)
    page.toggle[0].set_value(True)
    page.segmented_control(key="pipeline_new_listener").set_value(False)
    start(page.run())
    assert reached.airflow.conf == {"test_size": 0.2, "trials": 8, "force": True, "new_listener": False}


def test_where_airflow_is_away_the_start_says_so(reached: Platform, open_page: Open) -> None:
    page = open_page("pipeline", "es")
    reached.airflow.broken = httpx.ConnectError("refused")
    start(page)
    # Of the start, of the run to follow, and of the last runs.
    assert [warning.value for warning in page.warning] == [TEXTS["missing_airflow"]["es"]] * 3


def test_a_run_that_somebody_started_is_followed_until_it_ends(reached: Platform, open_page: Open) -> None:
    run = FakeRun("scheduled", "2026-11-25T08:00:00+00:00", "running", tasks=[task("download", "running")])
    reached.airflow.runs[ETL_DAG].append(run)
    page = open_page("pipeline", "es")
    assert "en marcha" in shown(page)
    run.state, run.ended, run.tasks = "failed", "2026-11-25T08:00:09+00:00", [task("download", "failed", 1, 8.0)]
    reached.airflow.logs["download 1"] = [{"event": "No tempo.", "level": "error", "logger": "dag_parts.step"}]
    page.run()
    assert TEXTS["pipeline_failed"]["es"] in [error.value for error in page.error]
    assert f"El motivo: {plain('No tempo.')}" in shown(page)
    assert "falló · 8,0 s" in shown(page)
    assert not page.button(key="pipeline_start").disabled


def test_what_came_of_a_run_is_reported_with_its_model(reached: Platform, open_page: Open) -> None:
    training = reached.airflow.runs[TRAINING_DAG][0]
    reached.airflow.runs[ETL_DAG].pop()
    training.state = "running"
    page = open_page("pipeline", "en")
    training.state = "success"
    page.run()
    expected = TEXTS["pipeline_kept"]["en"].format(model="7", dataset="abc123abc123")
    assert expected in [info.value for info in page.info]
    assert f"The reason: {plain('It is worse.')}" in shown(page)


def test_a_run_that_was_deleted_is_forgotten(reached: Platform, open_page: Open) -> None:
    page = start(open_page("pipeline", "en"))
    reached.airflow.runs[ETL_DAG].clear()
    page.run()
    assert not page.warning
    assert TEXTS["pipeline_now"]["en"] not in [heading.value for heading in page.subheader]


def test_the_last_runs_are_listed_and_described_on_demand(reached: Platform, open_page: Open) -> None:
    page = open_page("pipeline", "es")
    labels = [expander.label for expander in page.expander]
    assert labels[1:] == ["**Falló** · 25 nov 2026, 07:00", "**Terminó bien** · 25 nov 2026, 06:24 · 23 s"]
    assert not any("taskInstances" in path for path in reached.airflow.paths)
    page.session_state["run_failed"] = True
    page.run()
    assert f"El motivo: {plain('No energy: add it.')}" in shown(page)
    assert f"(http://airflow.example/dags/{ETL_DAG}/runs/failed)" in shown(page)


def test_trainings_are_listed_too(reached: Platform, open_page: Open) -> None:
    page = open_page("pipeline", "en")
    page.button_group(key="pipeline_history").set_value(TRAINING_DAG).run()
    page.session_state["run_asset__1"] = True
    page.run()
    assert f"The reason: {plain('It is worse.')}" in shown(page)
    assert f"(http://airflow.example/dags/{TRAINING_DAG}/runs/asset__1)" in shown(page)


def upload(page: AppTest, content: bytes) -> AppTest:
    return page.file_uploader[0].set_value(("playlist.csv", content, "text/csv")).run()


def test_a_good_file_is_checked_and_then_uploaded(reached: Platform, open_page: Open) -> None:
    page = upload(open_page("pipeline", "es"), CSV + CSV.splitlines(keepends=True)[1])
    assert "750 canciones" in page.success[0].value
    assert "filas que repiten una canción y se dejan fuera: 1" in shown(page)
    assert list(page.dataframe[0].value)[-5:] == [*FEATURES, LABEL]
    assert len(reached.airflow.runs[ETL_DAG]) == 2
    page.button(key="pipeline_upload").click().run()
    assert reached.airflow.conf is not None
    assert reached.airflow.conf["source"].startswith("s3://data/incoming/")
    assert TEXTS["pipeline_queued"]["es"] in shown(page)
    assert not page.success


def test_an_upload_may_be_another_listeners(reached: Platform, open_page: Open) -> None:
    page = upload(open_page("pipeline", "es"), CSV)
    page.segmented_control(key="pipeline_upload_0_new_listener").set_value(True).run()
    page.button(key="pipeline_upload").click().run()
    assert reached.airflow.conf is not None
    assert reached.airflow.conf["new_listener"] is True


def test_two_files_are_checked_and_uploaded_together(reached: Platform, open_page: Open) -> None:
    songs = sample.bundled()
    page = open_page("pipeline", "es")
    page.button_group(key="pipeline_way").set_value("two").run()
    for number, label in enumerate((1, 0)):
        assert not page.success
        content = songs[songs[LABEL] == label].drop(columns=LABEL).to_csv(index=False).encode()
        page.file_uploader[number].set_value(("songs.csv", content, "text/csv")).run()
    assert "750 canciones" in page.success[0].value
    page.button(key="pipeline_upload").click().run()
    assert reached.airflow.conf is not None
    assert reached.airflow.conf["source"].endswith(".zip")


def test_what_is_wrong_with_a_file_is_listed(reached: Platform, open_page: Open) -> None:
    page = upload(open_page("pipeline", "es"), CSV.replace(b"energy", b"vigour", 1))
    assert page.error[0].value == TEXTS["pipeline_file_is_bad"]["es"]
    assert page.table[0].value.loc["energy", "Problema"] == "falta"
    assert "pipeline_upload" not in [button.key for button in page.button]


def test_a_file_that_is_too_large_for_the_service_is_rejected(reached: Platform, open_page: Open) -> None:
    page = upload(open_page("pipeline", "en"), b"x" * 1_000_001)
    assert plain("MAX_DATASET_BYTES") in page.error[0].value


def test_no_file_can_be_checked_without_rest(reached: Platform, open_page: Open) -> None:
    page = open_page("pipeline", "es")
    reached.rest_is_down = True
    upload(page, CSV)
    assert "no responde" in page.warning[0].value


def test_a_file_that_cannot_be_uploaded_stays(reached: Platform, open_page: Open) -> None:
    page = upload(open_page("pipeline", "en"), CSV)
    reached.objects.is_down = True
    page.button(key="pipeline_upload").click().run()
    assert "S3" in page.warning[0].value
    assert page.button(key="pipeline_upload")


def test_where_the_platform_only_predicts_nothing_can_be_started(
    reached: Platform, open_page: Open, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("MANAGE_DATASETS", "false")
    page = open_page("pipeline", "es")
    assert page.info[0].value == TEXTS["pipeline_only_predicts"]["es"]
    assert not page.button
    assert TEXTS["health_s3_unmanaged"]["es"] in card(page, "Almacén S3")


def test_a_reason_with_a_code_is_reported_in_the_language(reached: Platform, open_page: Open) -> None:
    reason = Message("column_rule", {"column": "tempo", "rule": Message("column_missing").as_json()})
    line = {"event": str(reason), "level": "error", "logger": "dag_parts.step", **reason.as_json()}
    reached.airflow.logs["download 1"] = [line]
    page = open_page("pipeline", "es")
    page.session_state["run_failed"] = True
    assert "El motivo: la columna «tempo» falta" in shown(page.run())


@pytest.mark.parametrize(
    ("code", "shown_reason"),
    [("disk_full", "Queda muy poco espacio"), ("of_tomorrow", "It is full."), (None, "It is full.")],
)
def test_an_upload_is_rejected_in_the_language_if_its_code_is_known(
    reached: Platform, open_page: Open, environment: pytest.MonkeyPatch, code: str | None, shown_reason: str
) -> None:
    params = {"directory": "tmp", "free": 1, "total": 2}
    problem = {"status": 413, "detail": "It is full.", "code": code, "params": params}

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(413, json=problem, request=request)

    rejecting = ManagementClient("http://rest", "", transport=httpx.MockTransport(answer))
    environment.setattr("streamlit_app.pipeline.start.management", lambda: rejecting)
    page = upload(open_page("pipeline", "es"), CSV)
    assert plain(shown_reason) in page.error[0].value
