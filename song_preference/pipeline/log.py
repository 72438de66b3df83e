"""Airflow's structured log of a task, read for its reasons."""

from collections.abc import Iterator
from typing import Any

from song_preference.messages import Message

Log = list[dict[str, Any]]
STEP_LOGGER = "dag_parts.step"
"""Its lines say why a task failed or was skipped, in words meant for anybody."""


def errors(log: Log) -> Iterator[str]:
    """Yield of each exception the one raised last, and the text of every other error."""
    for entry in log:
        match entry:
            case {"error_detail": [{"exc_type": kind, "exc_value": value}, *_]}:
                yield f"{kind}: {value}"
            case {"event": "Task exited"}:
                pass  # the line before it says why
            case {"level": "error" | "critical", "event": event}:
                yield str(event)


def reason(log: Log, level: str) -> Message | None:
    """Return what our task said last at this level: nothing of an exception that nobody meant to raise."""
    for entry in reversed(log):
        match entry:
            case {"logger": logger, "level": said, "event": event} if (logger, said) == (STEP_LOGGER, level):
                return Message(entry.get("code"), entry.get("params", {}), str(event).removeprefix("Skipped: "))
    return None
