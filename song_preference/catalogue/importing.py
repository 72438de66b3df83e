"""The steps of `import_catalogue`, read and publish; each can be repeated."""

import logging
from datetime import UTC, datetime

from song_preference.catalogue.store import CatalogueStore
from song_preference.catalogue.version import CatalogueVersion, Part, version_of
from song_preference.dataset.incoming import forget_catalogue
from song_preference.dataset.source import fetch
from song_preference.errors import InvalidDataset
from song_preference.settings import CatalogueSettings
from song_preference.song_table import catalogue
from song_preference.temporary import temporary_directory

log = logging.getLogger(__name__)


def read(store: CatalogueStore, settings: CatalogueSettings, source: str) -> CatalogueVersion:
    """Fetch the file or zip `source`, which anybody may have named, and keep its songs as parts that nobody sees yet.

    Raise `SourceRejected`, `SourceUnavailable` and `InvalidDataset`.
    """
    with temporary_directory() as directory:
        file = directory / "raw"
        try:
            fetched = fetch(source, file, store.objects, settings, trusted=False)
            version = version_of(fetched.sha256)
            with catalogue.opened(file, directory, settings.max_bytes) as songs:
                parts = []
                for number, (path, count) in enumerate(songs.parts(directory)):
                    parts.append(Part(name=f"part-{number:05}.parquet", songs=count))
                    store.put_part(version, parts[-1].name, path)
        except InvalidDataset:
            # Nobody would hear again of an upload that is no catalogue.
            forget_catalogue(source.strip(), store.objects)
            raise
    found = CatalogueVersion(
        version=version,
        created_at=datetime.now(UTC),
        source=fetched,
        rows=songs.read.rows,
        rows_left_out=songs.read.left_out,
        notes=[note.stored() for note in songs.read.all_notes()],
        songs=songs.songs,
        parts=parts,
    )
    repeated = found.rows - found.rows_left_out - found.songs
    log.info(
        "%d songs in %d parts; of %d rows, %d were left out and %d repeat another.",
        *(found.songs, len(parts), found.rows, found.rows_left_out, repeated),
    )
    return found


def publish(store: CatalogueStore, found: CatalogueVersion) -> None:
    """Make a catalogue the one in use; raise `CatalogueNotFound` where a part of it was removed meanwhile."""
    store.publish(found)
    log.info("Catalogue %s with %d songs is in use.", found.version, found.songs)
