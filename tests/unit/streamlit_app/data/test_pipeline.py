from song_preference.pipeline.airflow import Run
from song_preference.run_options import ETL_DAG, TRAINING_DAG
from streamlit_app.data.pipeline import run_at_work
from tests.support.airflow import RUN_ID, FakeAirflow, FakeRun, with_history


def test_nobody_is_followed_while_nothing_runs() -> None:
    assert run_at_work(with_history().client()) is None


def test_the_run_that_is_at_work_is_found_before_those_that_wait() -> None:
    server = FakeAirflow()
    server.runs[ETL_DAG] = [FakeRun("one", state="running"), FakeRun("two", "2026-11-25T08:00:00+00:00", "queued")]
    assert run_at_work(server.client()) == Run(ETL_DAG, "one")


def test_a_training_at_work_belongs_to_the_run_that_led_to_it() -> None:
    server = with_history()
    server.runs[ETL_DAG].pop()
    server.runs[TRAINING_DAG][0].state = "running"
    assert run_at_work(server.client()) == Run(ETL_DAG, RUN_ID)


def test_a_training_that_somebody_started_is_followed_by_itself() -> None:
    server = with_history()
    server.runs[TRAINING_DAG].append(FakeRun("by_hand", "2026-11-25T09:00:00+00:00", "running"))
    assert run_at_work(server.client()) == Run(TRAINING_DAG, "by_hand")
