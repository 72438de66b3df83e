"""A task that fails in plain words, and tries again only where that can help."""

import logging
import os
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow.providers.standard.decorators.python import _PythonDecoratedOperator
from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule
from airflow.sdk.bases.decorator import TaskDecorator, task_decorator_factory
from airflow.sdk.exceptions import AirflowSkipException, AirflowTaskTimeout

from dag_parts.links import Link
from song_preference.errors import RegistryUnavailable, SongPreferenceError, SourceUnavailable, StorageUnavailable
from song_preference.temporary import keep_to_tmpdir, raising_disk_full

log = logging.getLogger(__name__)

PASSING = (SourceUnavailable, StorageUnavailable, RegistryUnavailable)
"""What may be mended a moment later; no other error that we mean to raise is."""


class Failed(SystemExit):
    """Ends a task whose log holds the reason: for this class alone Airflow adds no traceback."""


class FailedForGood(Failed):
    """The same where another try would end alike."""


RETRY_POLICY = ExceptionRetryPolicy(
    [RetryRule(FailedForGood, RetryAction.FAIL, reason="Another try would end alike: mend the cause first.")]
)
NETWORK = {
    "retries": 2,
    "retry_delay": timedelta(seconds=10),
    "retry_exponential_backoff": 2,
    "retry_policy": RETRY_POLICY,
}
"""For tasks that a lost connection may end: each of ours reads and writes S3 or MLflow."""

MLFLOW_IN_A_TASK = {
    # Its own handler writes to stderr, which Airflow shows as errors; without it, each line keeps its level.
    "MLFLOW_CONFIGURE_LOGGING": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # They would lead to where the tasks find MLflow; the page of the task has the link that a browser takes.
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # A machine without git, such as an image, is no fault; the code's commit is known from elsewhere.
    "GIT_PYTHON_REFRESH": "quiet",
}
"""Read when MLflow is imported, which tasks do and the DAGs' files do not."""


class Step(_PythonDecoratedOperator):
    """`@task` whose log ends with the reason and the remedy where it fails, and whose page has `links`."""

    custom_operator_name = "@step"

    def __init__(self, *, links: Sequence[Link] = (), **options: Any) -> None:
        super().__init__(**options)
        self.operator_extra_links = links

    def execute(self, context: Any) -> Any:
        """Run the function; raises `Failed` for a designed error or a timeout, with the message in the log."""
        keep_to_tmpdir()
        os.environ.update(MLFLOW_IN_A_TASK)
        try:
            with raising_disk_full():
                return super().execute(context)
        except AirflowSkipException as skip:
            log.warning("Skipped: %s", skip)  # Airflow's own line is folded away
            raise
        except SongPreferenceError as error:
            log.error("%s", error)  # noqa: TRY400 - its message says all
            raise (Failed if isinstance(error, PASSING) else FailedForGood)(1) from error
        except AirflowTaskTimeout as error:
            log.error("Not done within %s: the lines above tell what it waited for.", self.execution_timeout)  # noqa: TRY400
            raise Failed(1) from error
        except Exception as error:
            # By its module, since importing MLflow to name the class would slow every reading of the DAGs down. Where
            # its server fails over an artifact, its client raises what requests does.
            if not type(error).__module__.startswith(("mlflow.", "requests.")):
                raise
            reason = str(error).partition("\n")[0][:200]
            log.error("MLflow did not serve the task: check that it runs, then trigger the DAG again. %s", reason)  # noqa: TRY400
            raise Failed(1) from error


def step(**options: Any) -> TaskDecorator:
    """Make a function a `Step`; takes its options."""
    return task_decorator_factory(decorated_operator_class=Step, **options)
