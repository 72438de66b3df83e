"""Steps of no DAG of ours; imported only where Airflow reads the DAG files."""

from collections.abc import Callable
from typing import Any

from dag_parts import step as step_of

from song_preference.run_options import ETL_DAG, TASKS


def step(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Make a function a step, under the name of a task that has one."""

    def decorated(body: Callable[..., Any]) -> Any:
        body.__name__ = next(iter(TASKS[ETL_DAG]))
        return step_of(ETL_DAG, **options)(body)

    return decorated
