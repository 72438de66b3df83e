"""How a task ends: with which exception, which last line in its log, and whether it is tried again."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from song_preference.messages import Message
from song_preference.pipeline.report import reason
from tests.support.airflow import in_airflow
from tests.support.ports import free_port
from tests.support.waiting import wait_for

RUN = """
import json, os
from pathlib import Path
from datetime import timedelta
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowTaskTimeout
from dag_parts import RETRY_POLICY
from tests.support.steps import step
from mlflow.exceptions import MlflowException
from requests.exceptions import HTTPError
from song_preference.dataset import manage, sample
from song_preference.errors import *
from song_preference.messages import Message
from structlog.testing import capture_logs

ERRORS = {
    "bad file": InvalidDataset(Finding("energy", Message("column_missing"), 1)),
    "no version": DatasetNotFound("No such dataset: run the DAG."),
    "no connection": SourceUnavailable("Drive does not answer: check the connection."),
    "timeout": AirflowTaskTimeout("Timeout"),
    "bug": KeyError("energy"),
    "no MLflow": MlflowException("API request failed\\nwith a long story"),
    "full disk": OSError(28, "No space left on device"),
    "full disk of MLflow": MlflowException("Failed downloads\\n[Errno 28] No space left on device: '/spool/m'"),
    "full disk, as MLflow blames the model": MlflowException("skops does not support custom functions"),
    "no artifact": HTTPError("500 Server Error: INTERNAL SERVER ERROR for url: http://mlflow"),
    "nothing to do": NothingToDo(Message("cannot_be_loaded")),
    "bad option": InvalidRun(Message("unknown_option", {"name": "sorce", "known": ["source"]})),
}
ERRORS["full disk, as MLflow blames the model"].__cause__ = ERRORS["full disk"]
header, *songs = sample.csv().decode().splitlines()
unknown_first = Path(os.environ["AIRFLOW_HOME"], "unknown.csv")
unknown_first.write_text("\\n".join(
    [header, *(song.rpartition(",")[0] + (",quizás" if row < 200 else ",si") for row, song in enumerate(songs))]
))

def ended(name):
    def body():
        if name == "unknown labels":
            manage.check(unknown_first, 10**8)
        raise ERRORS[name]
    with DAG("d"):
        task = step(task_id="t", execution_timeout=timedelta(minutes=10))(body)().operator
    with capture_logs() as logged:
        try:
            task.execute({})
        except BaseException as error:
            decision = RETRY_POLICY.evaluate(error, 1, 3)
            raised = {"raised": type(error).__name__, "then": decision.action.value}
    ours = [line for line in logged if line.get("logger_name") == "dag_parts.step"]
    data: list[Any] = [[line["log_level"], line["code"], line["params"]] for line in ours]
    return {**raised, "log": [line["event"] for line in ours], "data": data}

print(json.dumps({name: ended(name) for name in [*ERRORS, "unknown labels"]}))
"""


WITHOUT_MLFLOW = (
    "MLflow did not serve the task: check that it runs, and that the volumes of its database, of its temporary files "
    "and of S3 have room, then trigger the DAG again."
)


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return in_airflow(RUN, tmp_path_factory.mktemp("airflow"))


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("bad file", "This file cannot be used: column 'energy' is missing."),
        ("no version", "No such dataset: run the DAG."),
    ],
)
def test_what_cannot_get_better_ends_the_task_at_once_with_its_message_alone(
    ends: Any, case: str, message: str
) -> None:
    assert (ends[case]["raised"], ends[case]["then"], ends[case]["log"]) == ("FailedPermanently", "fail", [message])


def test_the_reason_is_logged_as_data_too(ends: Any) -> None:
    params = {"name": "sorce", "known": ["source"]}
    assert ends["bad option"]["data"] == [["error", "unknown_option", params]]
    assert ends["bad option"]["log"] == ["there is no option 'sorce', use one of these: source"]


def test_labels_that_nobody_knows_before_others_end_the_task_at_once(ends: Any) -> None:
    assert (ends["unknown labels"]["raised"], ends["unknown labels"]["then"]) == ("FailedPermanently", "fail")
    (message,) = ends["unknown labels"]["log"]
    assert message.startswith("This file cannot be used: the file has ")
    assert "column 'label' must be 1 or 0, or one of these pairs of words" in message


def test_a_lost_connection_is_tried_again(ends: Any) -> None:
    message = "Drive does not answer: check the connection."
    assert (ends["no connection"]["raised"], ends["no connection"]["then"]) == ("Failed", "default")
    assert ends["no connection"]["log"] == [message]


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("no MLflow", "API request failed"),
        ("full disk of MLflow", "Failed downloads"),
        ("no artifact", "500 Server Error: INTERNAL SERVER ERROR for url: http://mlflow"),
    ],
)
def test_without_mlflow_the_remedy_is_reported_and_it_is_tried_again(ends: Any, case: str, said: str) -> None:
    assert (ends[case]["raised"], ends[case]["then"]) == ("Failed", "default")
    assert ends[case]["log"] == [f"{WITHOUT_MLFLOW} {said}"]


@pytest.mark.parametrize("case", ["full disk", "full disk, as MLflow blames the model"])
def test_a_full_disk_ends_the_task_at_once_with_the_volume(ends: Any, case: str) -> None:
    assert (ends[case]["raised"], ends[case]["then"]) == ("FailedPermanently", "fail")
    (message,) = ends[case]["log"]
    assert message.startswith("There is too little room on the volume of /tmp: ")
    assert message.endswith("then try again.")


def test_a_timeout_names_its_limit(ends: Any) -> None:
    assert ends["timeout"]["raised"] == "Failed"
    assert ends["timeout"]["log"][0].startswith("Not done within 0:10:00")


def test_a_bug_keeps_its_traceback(ends: Any) -> None:
    assert ends["bug"] == {"raised": "KeyError", "log": [], "then": "default", "data": []}


def test_a_skip_stays_one_and_says_its_reason(ends: Any) -> None:
    assert (ends["nothing to do"]["raised"], ends["nothing to do"]["then"]) == ("AirflowSkipException", "default")
    assert ends["nothing to do"]["log"] == ["Skipped: No service can load it: train again."]
    assert ends["nothing to do"]["data"] == [["warning", "cannot_be_loaded", {}]]


DONE = """
import json, logging, os
from pathlib import Path
from types import SimpleNamespace
from airflow.sdk import DAG
from tests.support.steps import step
from song_preference.dataset import etl, sample
from song_preference.dataset.store import DatasetStore
from song_preference.dataset.version import Parameters
from song_preference.settings import DatasetSettings
from tests.support.datasets import MemoryObjects

logging.basicConfig(level=logging.INFO)
folder = Path(os.environ["AIRFLOW_HOME"])
header, *songs = sample.csv().decode().splitlines()
features, _, label = songs[4].rpartition(",")
opposite = f"{features},{1 - int(label)}"
(folder / "a.csv").write_text("\\n".join([header, *songs, *songs[:3], songs[3].replace("0.", "x"), opposite]))
wanted = {"DATASET_SOURCE": str(folder / "a.csv"), "MAX_DATASET_BYTES": 10**7, "INCOMING_DIR": folder}
settings, store = DatasetSettings.model_validate(wanted), DatasetStore(MemoryObjects())
draft = etl.download(store, settings, Parameters(test_size=0.3, seed=1))

def done(body):
    pushed, lines = {}, []
    with DAG("d"):
        task = step(task_id="t")(body)().operator
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    logging.getLogger().addHandler(handler)
    returned = task.execute({"ti": SimpleNamespace(xcom_push=pushed.__setitem__)})
    logging.getLogger().removeHandler(handler)
    return {"pushed": pushed, "lines": lines, "returned": returned, "outputs": task.multiple_outputs}

def engineer_features() -> dict[str, int]:
    return {"rows": etl.engineer_features(store, settings, draft).preparation.rows_raw}

print(json.dumps([done(engineer_features), done(lambda: {"nothing": "said"})]))
"""


def test_a_task_says_its_result_in_a_sentence_in_its_log_and_on_its_page(tmp_path: Path) -> None:
    found, silent = in_airflow(DONE, tmp_path)
    assert found["pushed"] == {"result": "749 of 755 songs kept, 3 duplicates, 2 both liked and disliked, 1 unusable."}
    assert found["pushed"]["result"] in found["lines"]
    assert not any("{" in line for line in found["lines"])
    assert (found["returned"], found["outputs"]) == ({"rows": 755}, False)
    assert (silent["pushed"], silent["returned"]) == ({}, {"nothing": "said"})


KEPT = """
import io, json, structlog
from airflow.sdk.log import logging_processors

kept = io.BytesIO()
processors = logging_processors(json_output=True, sending_to_supervisor=True)
structlog.configure(processors=processors, logger_factory=lambda *_: structlog.BytesLogger(kept))

from airflow.sdk import DAG
from tests.support.steps import step
from song_preference.errors import InvalidRun
from song_preference.messages import Message

def body():
    raise InvalidRun(Message("unknown_option", {"name": "sorce", "known": ["source"]}))

with DAG("d"):
    task = step(task_id="t")(body)().operator
try:
    task.execute({})
except SystemExit:
    print(json.dumps([json.loads(line) for line in kept.getvalue().splitlines()]))
"""


def test_the_log_that_airflow_keeps_holds_the_reason_as_the_reports_read_it(tmp_path: Any) -> None:
    found = reason(in_airflow(KEPT, tmp_path), "error")
    assert found == Message("unknown_option", {"name": "sorce", "known": ["source"]}, str(found))
    assert found.text("es") == "no existe la opción «sorce», usa una de estas: source"


LINK = """
import json, os
os.environ["MLFLOW_BROWSER_URL"] = "http://127.0.0.1:6000"
os.environ["DATA_BROWSER_URL"] = "http://127.0.0.1:6001/browser/data/"
os.environ["MLFLOW_TRACKING_URI"] = "http://127.0.0.1:9"
import dag_parts

class XCom:
    @staticmethod
    def get_value(ti_key, key):
        return ti_key

dag_parts.XCom = XCom
older = {"version": "525c", "run_id": "f00d"}
result = {**older, "experiment_id": "2"}
both = (dag_parts.MLFLOW_RUN, dag_parts.files_of("datasets", "version"))
addresses = " ".join(link.get_link(None, ti_key=held) for link in both for held in (result, older, None))
os.environ["DATA_BROWSER_URL"] = ""
addresses += " " + dag_parts.files_of("datasets", "version").get_link(None, ti_key=result)
print(json.dumps(addresses.split(" ")))
"""


def test_links_lead_to_what_the_result_names_and_nowhere_without_one_while_mlflow_is_away(tmp_path: Any) -> None:
    assert in_airflow(LINK, tmp_path) == [
        "http://127.0.0.1:6000/#/experiments/2/runs/f00d?workflowType=machine_learning",
        "http://127.0.0.1:6000/#/runs/f00d",
        "",
        "http://127.0.0.1:6001/browser/data/datasets%2F525c%2F",
        "http://127.0.0.1:6001/browser/data/datasets%2F525c%2F",
        "",
        "",
    ]


MLFLOW = """
import json, logging, os, sys
sys.argv = ["airflow", "scheduler"]  # which forks tasks
from airflow.sdk import DAG
from tests.support.steps import step

os.environ["PATH"] = "/nonexistent"  # as in an image, there is no git
seen = []
logging.getLogger().addHandler(type("Seen", (logging.Handler,), {"emit": lambda _, record: seen.append(record)})())
logging.getLogger().setLevel(logging.INFO)

def body():
    assert "mlflow" in sys.modules
    import mlflow
    mlflow.set_tracking_uri("sqlite:///" + os.environ["AIRFLOW_HOME"] + "/mlflow.db")
    mlflow.set_experiment("new")
    with mlflow.start_run():
        mlflow.log_param("a", 1)

with DAG("d"):
    task = step(task_id="t")(body)().operator
errors = os.environ["AIRFLOW_HOME"] + "/stderr"
with open(errors, "w") as file:
    os.dup2(file.fileno(), 2)
task.execute({})
mlflow_said = [(record.levelname, record.getMessage()) for record in seen if record.name.startswith("mlflow")]
print(json.dumps({"stderr": open(errors).read(), "mlflow": mlflow_said}))
"""


def test_what_mlflow_says_in_a_task_keeps_its_level_and_no_git_is_no_warning(tmp_path: Any) -> None:
    said = in_airflow(MLFLOW, tmp_path)
    assert said["stderr"] == ""
    assert ["INFO", "Experiment with name 'new' does not exist. Creating a new experiment."] in said["mlflow"]
    assert {level for level, _ in said["mlflow"]} == {"INFO"}


FULL_MLFLOW = """
import json, os, sys
from airflow.sdk import DAG
from tests.support.steps import step
from structlog.testing import capture_logs

def body():
    import mlflow
    mlflow.set_tracking_uri(URI)
    mlflow.set_experiment("new")
    with mlflow.start_run():
        mlflow.log_text("x" * 2_000_000, "a.txt")

os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
with DAG("d"):
    task = step(task_id="t")(body)().operator
with capture_logs() as logged:
    try:
        task.execute({})
    except SystemExit:
        pass
print(json.dumps([line["event"] for line in logged if line.get("logger_name") == "dag_parts.step"]))
"""


@pytest.fixture
def mlflow_on_a_small_disk(small_disk: Path, tmp_path: Path) -> Iterator[str]:
    """The address of a real MLflow whose artifacts have room for 1 MB."""
    port = free_port()
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"),
        *("--backend-store-uri", f"sqlite:///{tmp_path / 'mlflow.db'}", "--artifacts-destination", str(small_disk)),
    ]
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with subprocess.Popen(command, env=environment, start_new_session=True, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(lambda: answers(f"http://127.0.0.1:{port}/health"), "MLflow")
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(server.pid, signal.SIGKILL)


def answers(url: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(url).is_success
    return False


def test_a_full_disk_of_a_real_mlflow_is_among_what_to_check(mlflow_on_a_small_disk: str, tmp_path: Path) -> None:
    """Its client says no more than `500`: it does not pass on why the server failed."""
    code = FULL_MLFLOW.replace("URI", repr(mlflow_on_a_small_disk))
    (said,) = in_airflow(code, tmp_path / "airflow")
    assert said.startswith(f"{WITHOUT_MLFLOW} API request to {mlflow_on_a_small_disk}")
