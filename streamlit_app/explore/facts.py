"""What is known of a dataset version, in the listener's words."""

from song_preference.dataset.version import DatasetVersion, Source
from streamlit_app.words import Words


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
        words("explore_readings"): "; ".join(note.text(words.language) for note in songs.notes())
        or words("explore_as_written"),
    }
    if fallback := source.fallback_message():
        found[words("explore_fallback")] = fallback.text(words.language)
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
