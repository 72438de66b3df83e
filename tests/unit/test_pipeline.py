from typing import Any

from song_preference.pipeline import _reasons

LOG: list[dict[str, Any]] = [
    {"event": "::group::Pre Execute", "level": "info"},
    {"event": "Bundle loaded", "level": "info"},
    {
        "event": "Task failed with exception",
        "level": "error",
        "error_detail": [
            {"exc_type": "InvalidDataset", "exc_value": "Columns are missing: energy."},
            {"exc_type": "KeyError", "exc_value": "'energy'"},
        ],
    },
    {"event": "Server indicated the task shouldn't be running anymore", "level": "error"},
]


def test_of_a_log_only_the_reasons_are_told() -> None:
    assert list(_reasons(LOG)) == [
        "InvalidDataset: Columns are missing: energy.",
        "Server indicated the task shouldn't be running anymore",
    ]
