"""The DAG files, as Airflow reads them; a process of its own, since Airflow configures itself when imported."""

from pathlib import Path
from typing import Any

import pytest

from song_preference.dataset.transfer import Network
from song_preference.run_options import CHAMPION_ASSET, ETL_DAG, IMPORT_DAG, SCORING_DAG, TASKS, TRAINING_DAG
from tests.support.airflow import DAGS, in_airflow

READ = f"""
import json, os
from collections import defaultdict
from pathlib import Path
from airflow.dag_processing.dagbag import BundleDagBag
bag = BundleDagBag(Path({str(DAGS)!r}), bundle_path=Path({str(DAGS)!r}))
"""

DESCRIBE = """
described = {
    "errors": bag.import_errors,
    "files": sorted(stats.file for stats in bag.dagbag_stats),
    "dags": {
        dag.dag_id: {
            "tasks": [
                {
                    "id": task.task_id,
                    "name": task.task_display_name,
                    "retries": task.retries,
                    "backoff": task.retry_exponential_backoff,
                    "policy": task.retry_policy is not None,
                    "rule": task.trigger_rule,
                    "after": sorted(task.upstream_task_ids),
                    "timeout": task.execution_timeout and task.execution_timeout.total_seconds(),
                    "links": sorted(link.name for link in task.operator_extra_links),
                }
                for task in dag.topological_sort()
            ],
            "outlets": [outlet.name for task in dag.tasks for outlet in task.outlets],
            "schedule": repr(dag.schedule),
            "max_active_runs": dag.max_active_runs,
            "catchup": dag.catchup,
            "doc": dag.doc_md,
            "description": dag.description,
            "params": {
                name: {"value": param.value, "description": param.description, **param.schema}
                for name, param in dag.params.items()
            },
        }
        for dag in bag.dags.values()
    },
}
"""


ASK = """
from song_preference.errors import InvalidRun
messages = {}
for dag in bag.dags.values():
    first = dag.topological_sort()[0]
    events = {"triggering_asset_events": defaultdict(list)} if first.task_id == "search" else {}
    form = {name: param.value for name, param in dag.params.items()}
    for wrong in ({"sorce": "mine.csv"}, {"seed": -3}):
        try:
            first.python_callable(params={**form, **wrong}, **events)
        except InvalidRun as error:
            messages.setdefault(dag.dag_id, []).append(str(error))
"""

AGAIN = f"""
from unittest.mock import MagicMock
from song_preference.dataset import store
from song_preference.errors import NothingToDo
from song_preference.messages import Message
from song_preference.training import fingerprint, steps
from song_preference.training.promote import Decision
known = {{"run_id": "r", "experiment_id": "1", "dataset_version": "d", "seed": 1, "version": "3"}}
asked = []
fingerprint.trained_before = lambda client, settings, wanted, new: asked.append([*wanted, new]) or known
steps.promote = lambda store, settings, version, new, again: (
    asked.append([version, new, again]) or Decision(True, Message("cannot_be_loaded"))
)
store.open_store = lambda: None
os.environ |= {{"MLFLOW_TRACKING_URI": "http://unused", "MODEL_NAME": "m", "MODEL_ALIAS": "c", "TRAINING_TRIALS": "7"}}
dag = next(dag for dag in bag.dags.values() if dag.dag_id == {TRAINING_DAG!r})
tasks = {{task.task_id: task.python_callable for task in dag.tasks}}
form = {{name: param.value for name, param in dag.params.items()}}
form |= {{"dataset_version": "d", "trials": 2, "new_listener": True}}
found = tasks["search"](params=form, triggering_asset_events=defaultdict(list))
by_hand = MagicMock()
limited = by_hand.__getitem__.return_value.ascending.return_value.limit
limited.return_value = [MagicMock(extra={{"dataset_version": "by hand", "from_rest_api": True}})]
tasks["search"](params=form, triggering_asset_events=MagicMock(), inlet_events=by_hand)
try:
    tasks["export"](found)
except NothingToDo as error:
    skipped = str(error)
events = MagicMock()
again = {{"asked": asked, "skipped": skipped, "result": tasks["promote"](found, None, outlet_events=events)}}
again["events"] = [call.args[0].name for call in events.__getitem__.return_value.add.call_args_list]
"""

PLAN = f"""
from song_preference.catalogue import scoring
from song_preference.catalogue import store as catalogues
from song_preference.serving import registry
catalogues.open_store = lambda: None
registry.MlflowRegistry = MagicMock()
scoring.plan = lambda store, champion, graph, most_tasks: [scoring.Group("c", "m", [str(most_tasks)])]
os.environ["AIRFLOW__CORE__MAX_MAP_LENGTH"] = "77"
dag = next(dag for dag in bag.dags.values() if dag.dag_id == {SCORING_DAG!r})
plan = dag.get_task("plan").python_callable(params={{}})
"""

PRINT = """
print(json.dumps({"bag": described, "messages": messages, "again": again, "plan": plan}))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return what Airflow makes of the files, in one process, since its start takes longest."""
    return in_airflow(READ + DESCRIBE + ASK + AGAIN + PLAN + PRINT, tmp_path_factory.mktemp("airflow"))


@pytest.fixture(scope="module")
def bag(found: Any) -> Any:
    return found["bag"]


def test_the_first_task_rejects_what_no_run_can_be_asked(found: Any) -> None:
    messages = found["messages"]
    assert set(messages) == set(TASKS)
    assert all("there is no option 'sorce'" in unknown for unknown, _ in messages.values())
    for _, out_of_bounds in (messages[ETL_DAG], messages[TRAINING_DAG]):
        assert "option 'seed' is \N{MINUS SIGN}3, choose a value from 0 to 4294967295" in out_of_bounds


def test_a_version_of_before_is_put_through_promotion_again(found: Any) -> None:
    again = found["again"]
    assert again["asked"] == [["d", 42, 2, True], ["by hand", 42, 2, True], ["3", True, True]]
    assert again["skipped"] == "Version 3 was trained from these songs, settings and code: it is compared again."
    assert (again["result"]["version"], again["result"]["promoted"]) == ("3", True)
    assert again["events"] == [CHAMPION_ASSET]


def test_no_more_tasks_are_planned_than_airflow_maps(found: Any) -> None:
    assert found["plan"] == [{"catalogue": "c", "model": "m", "parts": ["77"]}]


def test_an_event_that_somebody_made_by_hand_starts_a_training_of_its_dataset(found: Any) -> None:
    # Airflow's API adds `from_rest_api` to what they wrote.
    assert ["by hand", 42, 2, True] in found["again"]["asked"]


def test_the_dags_are_read_without_an_error_and_nothing_else(bag: Any) -> None:
    assert bag["errors"] == {}
    assert set(bag["dags"]) == set(TASKS)
    assert [Path(file).stem for file in bag["files"]] == sorted(TASKS)


@pytest.mark.parametrize("dag_id", TASKS)
def test_the_page_of_a_dag_says_what_each_task_writes_and_what_to_do_when_one_fails(bag: Any, dag_id: str) -> None:
    dag = bag["dags"][dag_id]
    assert all(f"| {task['name']} |" in dag["doc"] for task in dag["tasks"])
    assert "**If a task fails**" in dag["doc"]


def test_a_list_of_dags_says_in_a_sentence_what_each_does(bag: Any) -> None:
    descriptions = [dag["description"] for dag in bag["dags"].values()]
    assert all(text.endswith(".") and len(text) < 100 for text in descriptions)
    assert len(set(descriptions)) == len(TASKS)


def test_tasks_run_in_their_order_with_their_names(bag: Any) -> None:
    for dag_id, tasks in TASKS.items():
        assert [(task["id"], task["name"]) for task in bag["dags"][dag_id]["tasks"]] == [
            (task, name["en"]) for task, name in tasks.items()
        ]


def test_a_version_of_before_skips_to_the_decision(bag: Any) -> None:
    promote = bag["dags"][TRAINING_DAG]["tasks"][-1]
    assert (promote["rule"], promote["after"]) == ("none_failed_min_one_success", ["register", "search"])


def test_one_run_at_a_time_and_none_for_the_past(bag: Any) -> None:
    assert {(dag["max_active_runs"], dag["catchup"]) for dag in bag["dags"].values()} == {(1, False)}


def test_tasks_try_again_later_and_later_and_not_when_it_is_of_no_use(bag: Any) -> None:
    tasks = [task for dag in bag["dags"].values() for task in dag["tasks"]]
    assert {(task["retries"], task["backoff"] > 1, task["policy"]) for task in tasks} == {(2, True, True)}


def test_every_task_has_a_timeout(bag: Any) -> None:
    assert all(task["timeout"] for dag in bag["dags"].values() for task in dag["tasks"])


def test_a_download_ends_before_its_task_does(bag: Any) -> None:
    limits = {dag_id: bag["dags"][dag_id]["tasks"][0]["timeout"] for dag_id in (ETL_DAG, IMPORT_DAG)}
    assert Network().least_seconds < limits[ETL_DAG]
    assert Network().most_seconds < limits[IMPORT_DAG]


def test_every_task_links_to_what_it_wrote(bag: Any) -> None:
    links = {task["id"]: task["links"] for dag in bag["dags"].values() for task in dag["tasks"]}
    # Where a run's last task links to, these two write as well: there may be a thousand of the second.
    assert links.pop("plan") == links.pop("score") == []
    assert links["register"] == ["Files in S3", "Run in MLflow"]
    assert links["promote"] == ["Files in S3", "Run in MLflow"]
    assert all("Files in S3" in names for names in links.values())


def test_the_trigger_forms_ask_what_the_specification_says(bag: Any) -> None:
    forms = {
        dag_id: {name: (param["type"], param["value"]) for name, param in dag["params"].items()}
        for dag_id, dag in bag["dags"].items()
    }
    model = {
        "seed": ("integer", 42),
        "trials": (["null", "integer"], None),
        "force": ("boolean", False),
        "new_listener": (["null", "boolean"], None),
    }
    text = (["null", "string"], None)
    assert forms[ETL_DAG] == {"source": text, "name": text, "test_size": ("number", 0.3), **model}
    assert forms[TRAINING_DAG] == {"dataset_version": text, **model}
    assert forms[IMPORT_DAG] == {"source": ("string", "")}
    assert forms[SCORING_DAG] == {}


def test_a_form_states_the_bounds_and_changes_no_number(bag: Any) -> None:
    field = bag["dags"][ETL_DAG]["params"]["test_size"]
    assert field["description"].endswith("From 0.1 to 0.5.")
    # With these two at the top Airflow's form would turn 1.5 into 0.5 by itself.
    assert not {"minimum", "maximum"} & set(field)


def test_every_field_of_a_form_has_a_title_and_help(bag: Any) -> None:
    fields = [param for dag in bag["dags"].values() for param in dag["params"].values()]
    assert all(field["title"] and field["description"] for field in fields)


def test_a_published_dataset_starts_the_training(bag: Any) -> None:
    (uri,) = bag["dags"][ETL_DAG]["outlets"]
    assert uri in bag["dags"][TRAINING_DAG]["schedule"]


def test_a_catalogue_or_another_champion_starts_the_scoring(bag: Any) -> None:
    schedule = bag["dags"][SCORING_DAG]["schedule"]
    assert schedule.startswith("AssetAny")
    assert bag["dags"][IMPORT_DAG]["outlets"] == ["song_catalogue"]
    # Made by an alias, since a training need not change the champion.
    assert bag["dags"][TRAINING_DAG]["outlets"] == ["spotify_champion_changed"]
    assert all(uri in schedule for uri in ("song_catalogue", CHAMPION_ASSET))


@pytest.mark.parametrize("file", sorted(set(DAGS.glob("*.py")) - {DAGS / "dag_parts.py"}), ids=lambda path: path.name)
def test_dag_files_stay_thin(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 100
