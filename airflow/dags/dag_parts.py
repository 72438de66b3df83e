"""Parts that the DAGs share: the assets between them, forms, links, and tasks that fail with a reason for people."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import structlog
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import Asset, AssetAlias, BaseOperatorLink, ExceptionRetryPolicy, Param, RetryAction, RetryRule
from airflow.sdk.bases.decorator import DecoratedOperator, task_decorator_factory
from airflow.sdk.exceptions import AirflowSkipException, AirflowTaskTimeout
from airflow.sdk.execution_time.xcom import XCom

from song_preference.errors import TRANSIENT, NothingToDo, SongPreferenceError
from song_preference.messages import Message
from song_preference.mlflow_pages import run_page
from song_preference.run_options import CHAMPION_ASSET, STEP_LOGGER, STEPS, TASKS, Option
from song_preference.settings import BrowserSettings
from song_preference.temporary import keep_to_tmpdir, raising_disk_full

log = structlog.get_logger(logger_name=STEP_LOGGER)

DATASET, CATALOGUE, CHAMPION = Asset("spotify_dataset"), Asset("song_catalogue"), Asset(CHAMPION_ASSET)
CHAMPION_CHANGED = AssetAlias("spotify_champion_changed")
"""For a task that makes an event of `CHAMPION` only if another version answers from now on."""

JSON_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}


UNTOUCHED = " An untouched switch is empty; switching it on and off again means no."


def params_of(options: Iterable[Option]) -> dict[str, Param]:
    """Return the form that asks for these options."""
    return {option.name: _param(option) for option in options}


def _param(option: Option) -> Param:
    kind = JSON_TYPES[option.type]
    # Airflow's form changes a number to the bound next to it, silently, if it finds `minimum` or `maximum` at the
    # schema's top. Below `allOf` it does not find them, and the run is rejected with the bound.
    limits: dict[str, float] = {}
    if option.bounds:
        limits["minimum"], limits["maximum"] = option.bounds
    if option.longest:
        limits["maxLength"] = option.longest
    return Param(
        option.default,
        type=["null", kind] if option.default is None else kind,
        title=option.title["en"],
        description=option.help("en") + (UNTOUCHED if (option.type, option.default) == (bool, None) else ""),
        allOf=[limits],
    )


def asked_by(events: Iterable[Any]) -> dict[str, Any]:
    """Return the options that the first of an asset's events has, without the key that Airflow adds to one by hand."""
    extra: dict[str, Any] = next((event.extra for event in events), {})
    return {name: value for name, value in extra.items() if name != "from_rest_api"}


class Link(BaseOperatorLink):
    """Links to what a task's result, a mapping, names under `key`."""

    name = xcom_key = ""
    """The text of the button, and the key under which the worker leaves the address for the API server, which has no
    class of ours."""

    def __init__(self, name: str, key: str, address: Callable[[BrowserSettings, Mapping[str, Any]], str]) -> None:
        self.name, self.xcom_key, self._address = name, f"link_{key}", address

    def get_link(self, operator: Any, *, ti_key: Any) -> str:  # noqa: ARG002 - Airflow passes both by name
        """Return the address; empty for a task that ended without a result."""
        result = XCom.get_value(ti_key=ti_key, key="return_value")
        return self._address(BrowserSettings(), result) if result else ""


def files_of(folder: str, key: str) -> Link:
    """Return the link to the files, in a folder of S3, of the version that the result names under `key`."""

    def address(pages: BrowserSettings, result: Mapping[str, Any]) -> str:
        return pages.data_url and pages.data_url + quote(f"{folder}/{result[key]}/", safe="")

    return Link("Files in S3", key, address)


MLFLOW_RUN = Link(
    "Run in MLflow",
    "run_id",
    lambda pages, result: run_page(pages.mlflow_url, result["run_id"], result.get("experiment_id")),
)


class Failed(SystemExit):
    """Ends a task whose log holds the reason: for this class alone Airflow adds no traceback."""


class FailedPermanently(Failed):
    """Ends a task that would fail in the same way again."""


RETRY_POLICY = ExceptionRetryPolicy(
    [RetryRule(FailedPermanently, RetryAction.FAIL, reason="The error is permanent: fix its cause first.")]
)
NETWORK = {
    "retries": 2,
    "retry_delay": timedelta(seconds=10),
    "retry_exponential_backoff": 2,
    "retry_policy": RETRY_POLICY,
}
"""Options of a task that needs S3 or MLflow, as all of ours do: transient errors are tried again."""

RESULT = "result"
"""Key of the XCom, which the page of a task shows, with its result in a sentence."""


class LastLine(logging.Handler):
    """Keeps the last line of level INFO."""

    sentence: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        if record.levelno == logging.INFO:
            self.sentence = record.getMessage()


@contextmanager
def listening() -> Iterator[LastLine]:
    """Yield a handler that hears what the steps log meanwhile."""
    handler, loggers = LastLine(), [logging.getLogger(name) for name in STEPS]
    for logger in loggers:
        logger.addHandler(handler)
    try:
        yield handler
    finally:
        for logger in loggers:
            logger.removeHandler(handler)


class Step(DecoratedOperator, PythonOperator):
    """`@task` whose log ends with the reason and the remedy if it fails; its page has `links` and the result."""

    custom_operator_name = "@step"

    def __init__(self, *, links: Sequence[Link] = (), **options: Any) -> None:
        function = {name: options[name] for name in ("python_callable", "op_args", "op_kwargs")}
        # A dictionary is for the next task: people read the sentence.
        super().__init__(kwargs_to_upstream=function, show_return_value_in_logs=False, **options)
        self.operator_extra_links = links

    def execute(self, context: Any) -> Any:
        """Run the function; raise `Failed` for an error of ours or a timeout, with the message in the log."""
        keep_to_tmpdir()
        try:
            with raising_disk_full(), listening() as heard:
                returned = super().execute(context)
        except NothingToDo as error:
            log.warning(f"Skipped: {error}", **error.message.as_json())  # Airflow folds its own line away
            raise AirflowSkipException(str(error)) from error
        except SongPreferenceError as error:
            raise _failed(error.message, Failed if isinstance(error, TRANSIENT) else FailedPermanently) from error
        except AirflowTaskTimeout as error:
            raise _failed(Message("task_timed_out", {"limit": str(self.execution_timeout)})) from error
        except Exception as error:
            # By its module, since importing MLflow to name the class would slow every reading of the DAGs down. Where
            # its server fails over an artifact, its client raises what requests does.
            if not type(error).__module__.startswith(("mlflow.", "requests.")):
                raise
            raise _failed(Message("mlflow_failed", {"error": str(error).partition("\n")[0][:200]})) from error
        if heard.sentence:
            context["ti"].xcom_push(RESULT, heard.sentence)
        return returned


def _failed(reason: Message, kind: type[Failed] = Failed) -> Failed:
    """Log the reason in English and as data; return what ends the task."""
    log.error(str(reason), **reason.as_json())
    return kind(1)


def step(dag_id: str, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Make a function a `Step` of a DAG, where `TASKS` has a name for it; take its options."""

    def decorated(function: Callable[..., Any]) -> Any:
        name = TASKS[dag_id][function.__name__]["en"]
        # With several outputs, the page would show each value of a dictionary as an XCom of its own.
        form = {"task_display_name": name, "multiple_outputs": False, **options}
        return task_decorator_factory(function, decorated_operator_class=Step, **form)

    return decorated
