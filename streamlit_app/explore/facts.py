"""What is known of a dataset version, in the listener's words."""

import re

from song_preference.dataset.version import DatasetVersion, Source
from streamlit_app.words import Words

READINGS = {
    r"column '(?P<written>.*)' is read as '(?P<name>.*)'": "explore_reading_column",
    r"a column that only counts the rows is left out": "explore_reading_index",
    r"of the columns '(?P<name>.*)' the first is kept": "explore_reading_twice",
    r"the label's words are read as 1 and 0": "explore_reading_words",
}
"""What the preparation notes, and the key of the text that says it in the language."""


def facts(version: DatasetVersion, words: Words) -> dict[str, str]:
    """Name and value of each, for the curious."""
    source, songs, split = version.source, version.preparation, version.split
    parts = {"train": words.number(split.train), "test": words.number(split.test)}
    found = {
        words("version"): version.version,
        words("explore_source"): source.uri,
        words("explore_size"): f"{words.number(source.size_bytes)} bytes",
        words("explore_checksum"): source.sha256,
        words("explore_rows"): _rows(songs.rows_raw, songs.rows_kept, words),
        words("explore_split"): words(
            "explore_split_text", **parts, share=words.percent(split.test / (split.train + split.test))
        ),
        words("explore_seed"): str(version.parameters.seed),
        words("explore_readings"): "; ".join(reading(noted, words) for noted in songs.readings)
        or words("explore_as_written"),
    }
    if source.fallback_reason:
        found[words("explore_fallback")] = source.fallback_reason
    return found


def _rows(raw: int, kept: int, words: Words) -> str:
    counts = {"raw": raw, "dropped": raw - kept, "kept": kept}
    key = "explore_rows_text" if raw > kept else "explore_rows_all"
    return words(key, **{name: words.number(count) for name, count in counts.items()})


def origin(source: Source, words: Words) -> str:
    """Where the songs came from, in Markdown."""
    name = source.uri.rstrip("/").rsplit("/", 1)[-1].replace("`", "")
    # What is handed in is kept by its digest, which says nothing to a listener.
    if source.kind == "s3" and source.sha256.startswith(name.removesuffix(".csv")):
        return words("explore_source_handed_in")
    return words(f"explore_source_{source.kind}", name=f"`{name}`")


def reading(noted: str, words: Words) -> str:
    """A note on how the file was read, in the language where it is one that we know."""
    for pattern, key in READINGS.items():
        if found := re.fullmatch(pattern, noted, re.DOTALL):
            return words(key, **found.groupdict())
    return noted
