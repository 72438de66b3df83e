"""A dataset version in words, for MLflow's page of its run."""

from song_preference.dataset.version import DatasetVersion

CARD = """\
# Dataset {version}

{songs:,} songs of one listener: {likes:,} likes and {dislikes:,} dislikes. Of {raw:,} rows {duplicates:,} repeated
another and were dropped.

| | |
|---|---|
| Source | {kind}: `{uri}` |
| SHA-256 | `{sha256}` ({size:,} bytes) |
| Prepared | {created:%Y-%m-%d %H:%M} UTC by version {code} |
| Split | {train:,} songs to train on, {test:,} to test with (test size {test_size}, seed {seed}, stratified) |

## Features

| | mean | standard deviation |
|---|---|---|
{features}

They lie in [0, 1] as Spotify gives them and are not scaled. Duration, tempo and loudness were scaled to [0, 1]
from these ranges; the model does not use them:

{scaler}

## How the file was read

{readings}
"""


def data_card(described: DatasetVersion) -> str:
    """Markdown: where the songs come from, how many there are and what was made of them."""
    source, songs = described.source, described.preparation
    features = [f"| {name} | {value.mean:.3f} | {value.std:.3f} |" for name, value in songs.features.items()]
    notes = [f"- {note}" for note in songs.readings]
    if source.fallback_reason:
        notes.append(f"- **The bundled sample stands in for the configured source**: {source.fallback_reason}")
    return CARD.format(
        version=described.version,
        songs=songs.rows_kept,
        likes=songs.likes,
        dislikes=songs.dislikes,
        raw=songs.rows_raw,
        duplicates=songs.rows_raw - songs.rows_kept,
        kind=source.kind,
        uri=source.uri,
        sha256=source.sha256,
        size=source.size_bytes,
        created=described.created_at,
        code=described.code_version,
        train=described.split.train,
        test=described.split.test,
        test_size=described.parameters.test_size,
        seed=described.parameters.seed,
        features="\n".join(features),
        scaler="\n".join(f"- {name}: {span.min:g} to {span.max:g}" for name, span in songs.scaler.items()),
        readings="\n".join(notes) or "As it was written.",
    )
