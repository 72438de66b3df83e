"""A task that fails with a reason for people, and is tried again only if that can help."""

import os
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import structlog
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule
from airflow.sdk.bases.decorator import DecoratedOperator, TaskDecorator, task_decorator_factory
from airflow.sdk.exceptions import AirflowSkipException, AirflowTaskTimeout

from dag_parts.links import Link
from song_preference.errors import TRANSIENT, NothingToDo, SongPreferenceError
from song_preference.messages import Message
from song_preference.temporary import keep_to_tmpdir, raising_disk_full

log = structlog.get_logger(logger_name=__name__)


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

MLFLOW_IN_A_TASK = {
    # Its own handler writes to stderr, which Airflow shows as errors; without it, each line keeps its level.
    "MLFLOW_CONFIGURE_LOGGING": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # They would lead to where the tasks find MLflow; the page of the task has the link that a browser takes.
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # A machine without git, such as an image, is no fault; the code's commit is known from elsewhere.
    "GIT_PYTHON_REFRESH": "quiet",
}
"""Variables that MLflow reads when a task imports it; the DAG files do not."""


class Step(DecoratedOperator, PythonOperator):
    """`@task` whose log ends with the reason and the remedy if it fails, and whose page has `links`."""

    custom_operator_name = "@step"
    template_fields = PythonOperator.template_fields
    template_fields_renderers = PythonOperator.template_fields_renderers

    def __init__(self, *, links: Sequence[Link] = (), **options: Any) -> None:
        function = {name: options[name] for name in ("python_callable", "op_args", "op_kwargs")}
        super().__init__(kwargs_to_upstream=function, **options)
        self.operator_extra_links = links

    def execute(self, context: Any) -> Any:
        """Run the function; raise `Failed` for an error of ours or a timeout, with the message in the log."""
        keep_to_tmpdir()
        os.environ.update(MLFLOW_IN_A_TASK)
        try:
            with raising_disk_full():
                return super().execute(context)
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


def _failed(reason: Message, kind: type[Failed] = Failed) -> Failed:
    """Log the reason in English and as data; return what ends the task."""
    log.error(str(reason), **reason.as_json())
    return kind(1)


def step(**options: Any) -> TaskDecorator:
    """Make a function a `Step`; take its options."""
    return task_decorator_factory(decorated_operator_class=Step, **options)
