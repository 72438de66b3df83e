import httpx
import pytest

from song_preference.dataset.version import DatasetVersion
from song_preference.errors import PipelineUnavailable
from song_preference.messages import Message
from song_preference.run_options import ETL_DAG, TASKS, TRAINING_DAG
from streamlit_app.components import plain
from streamlit_app.data.pipeline import airflow_or_fail_fast, hanging
from streamlit_app.i18n import LANGUAGES, Language, Locale
from streamlit_app.pipeline.progress import duration
from tests.support.airflow import RUN_ID, FakeRun, task
from tests.support.dashboard import TEXTS, Open, Platform, card, shown


@pytest.mark.parametrize(
    ("took", "expected"), [(3.21, "3,2 s"), (42.4, "42 s"), (59.96, "1 min 0 s"), (125, "2 min 5 s")]
)
def test_durations(took: float, expected: str) -> None:
    assert duration(Locale("es", TEXTS), took) == expected


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
    after_download = len(TASKS[ETL_DAG]) - 1 + len(TASKS[TRAINING_DAG])
    assert shown(page).count(TEXTS["step_unreached"]["es"]) == after_download
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_came_of_a_run_names_the_list(
    reached: Platform, open_page: Open, dataset: DatasetVersion, language: Language
) -> None:
    reached.airflow.runs[TRAINING_DAG][0].results["promote"]["dataset_version"] = dataset.version
    page = open_page("pipeline", language)
    page.button_group(key="pipeline_history").set_value(TRAINING_DAG).run()
    page.session_state["run_asset__1"] = True
    page.run()
    locale = Locale(language, TEXTS)
    name = plain(f"playlist ({locale.moment(dataset.created_at)})")
    assert locale("pipeline_kept", model="7", dataset=name) in [info.value for info in page.info]


def test_a_run_that_was_deleted_is_forgotten(reached: Platform, open_page: Open) -> None:
    page = open_page("pipeline", "en")
    page.button(key="pipeline_start").click().run()
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


def test_a_reason_with_a_code_is_reported_in_the_language(reached: Platform, open_page: Open) -> None:
    reason = Message("column_rule", {"column": "tempo", "rule": Message("column_missing").as_json()})
    line = {"event": str(reason), "level": "error", "logger": "dag_parts.step", **reason.as_json()}
    reached.airflow.logs["download 1"] = [line]
    page = open_page("pipeline", "es")
    page.session_state["run_failed"] = True
    assert "El motivo: la columna «tempo» falta" in shown(page.run())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_decision_is_reported_without_commands_for_those_who_have_no_buttons(
    reached: Platform, open_page: Open, language: Language
) -> None:
    reason = Message("another_listener", {"shared": 0, "songs": 750, "champion": "1", "version": "7"})
    assert "make rollback" in str(reason)
    reached.airflow.runs[TRAINING_DAG][0].results["promote"] |= {"reason": str(reason), **reason.as_json()}
    page = open_page("pipeline", language)
    page.session_state[f"run_{RUN_ID}"] = True
    page.run()
    told = Locale(language, TEXTS)("newer_another_listener", shared=0, songs=750)
    assert TEXTS["pipeline_reason"][language].format(reason=plain(told)) in shown(page)
    assert "rollback" not in shown(page)


def test_an_airflow_that_hung_is_not_asked_until_a_health_check_finds_that_it_does_not(
    platform: Platform, open_page: Open
) -> None:
    hanging().add("airflow")
    with pytest.raises(PipelineUnavailable):
        airflow_or_fail_fast()
    open_page("pipeline", "en")  # whose check finds nothing at the address
    assert airflow_or_fail_fast()
