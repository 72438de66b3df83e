"""Airflow's structured log of a task, read for its reasons."""

from collections.abc import Iterator
from typing import Any

Log = list[dict[str, Any]]
STEP_LOGGER = "dag_parts.step"
"""Says why a task failed in words meant for its reader."""


def errors(log: Log) -> Iterator[str]:
    """Of an exception the one raised last, else the text of the error."""
    for entry in log:
        match entry:
            case {"error_detail": [{"exc_type": kind, "exc_value": value}, *_]}:
                yield f"{kind}: {value}"
            case {"event": "Task exited"}:
                pass  # the line before it says why
            case {"level": "error" | "critical", "event": event}:
                yield str(event)


def designed_errors(log: Log) -> Iterator[str]:
    """The reasons that anybody may read: none of an exception that nobody meant to raise."""
    for entry in log:
        match entry:
            case {"logger": logger, "level": "error", "event": event} if logger == STEP_LOGGER:
                yield str(event)


def skips(log: Log) -> Iterator[str]:
    """The reasons why the task skipped itself."""
    for entry in log:
        match entry:
            case {"event": "Skipping task.", "reason": reason}:
                yield str(reason)
