"""What is wrong with the rows of a song table that cannot be used."""

from collections.abc import Sequence

import duckdb

from song_preference.errors import Finding
from song_preference.features import LABEL
from song_preference.messages import Message
from song_preference.song_table.database import literal
from song_preference.song_table.load import ROWS_SHOWN

OTHER_SCALE = "-1e308"
"""Placeholder for a feature of a song that is written in shares, in a file of percentages."""

FEATURE_FAULTS = {
    "empty_cell": "{0} is null",
    "not_a_number": "isnan({0})",
    "not_in_percent": f"{{0}} = {OTHER_SCALE}",
    "not_finite": "isinf({0})",
    "not_in_unit_interval": "{0} not between 0 and 1",
}
"""Rules that a feature may break, by code, as SQL; the first one that holds is named."""

LABEL_FAULTS = {"empty_cell": "label is null and written({0}) is null", "not_a_label": "label is null"}


def faults_of_rows(
    connection: duckdb.DuckDBPyConnection, features: Sequence[str], label_cell: str | None
) -> list[Finding]:
    """Return what is wrong with the rows of `songs` that are not usable, by column and rule.

    `label_cell` is the column of `loaded` that the label is read from.
    """
    least = f"least({', '.join(features)})"
    of_song = {
        "without_features": f"{least} is null",
        # DuckDB sorts NaN above all numbers.
        "without_numbers": f"isnan({least})",
        "not_in_percent": f"{least} = {OTHER_SCALE}",
    }
    findings = _found(connection, None, of_song)
    for feature in features:
        rules = {code: rule.format(feature) for code, rule in FEATURE_FAULTS.items()}
        findings += _found(connection, feature, rules, where=f"not ({' or '.join(of_song.values())})")
    if label_cell:
        rules = {code: rule.format(label_cell) for code, rule in LABEL_FAULTS.items()}
        findings += _found(connection, LABEL, rules)
    return findings


def _found(
    connection: duckdb.DuckDBPyConnection, column: str | None, rules: dict[str, str], where: str = "true"
) -> list[Finding]:
    cases = " ".join(f"when {rule} then {literal(code)}" for code, rule in rules.items())
    unusable = f"from songs join loaded using (row) where not is_usable and {where}"
    sql = f"""select code, count(*), min(row, {ROWS_SHOWN}) from (select row, case {cases} end as code {unusable})
        where code is not null group by code order by code"""
    return [
        Finding(column, Message(str(code)), int(count), tuple(rows))
        for code, count, rows in connection.execute(sql).fetchall()
    ]
