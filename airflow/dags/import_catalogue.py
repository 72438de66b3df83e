"""## From a file of songs to a catalogue

**Start it** with *Trigger* and name a table of songs with title, artist and the four features, or a zip of several. Id,
ISRC, album, year, genre and popularity are kept too. `score_catalogue` starts by itself afterwards.

| task | what it does | what it writes |
|---|---|---|
| Read the songs | reads the file, keeps each song once, the most popular first | `part-*.parquet` |
| Publish the catalogue | makes this catalogue the one in use | `catalogue.json`, `latest.json` |

The files are in S3 under `data/catalogue/<version>/`; the same file always gives the same version.

**If a task fails**, its log ends with the reason and what to do. Only the last task publishes: until then the catalogue
before stays in use.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import dag
from dag_parts import CATALOGUE, NETWORK, files_of, params_of, step

from song_preference.run_options import CATALOGUE_OPTIONS, IMPORT_DAG, checked

FILES = files_of("catalogue", "version")


@dag(
    description="Reads a file of songs by name and makes it the catalogue in use, which the champion then scores.",
    schedule=None,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["catalogue"],
    params=params_of(CATALOGUE_OPTIONS),
    default_args={"execution_timeout": timedelta(hours=3), **NETWORK},
)
def import_catalogue() -> None:
    # Imports live in the tasks: every task process parses this file first.

    @step(IMPORT_DAG, links=[FILES])
    def read(*, params: Any = None) -> dict[str, Any]:
        from song_preference.catalogue import importing, store
        from song_preference.settings import CatalogueSettings

        asked = checked(CATALOGUE_OPTIONS, params)
        return importing.read(store.open_store(), CatalogueSettings(), asked["source"]).model_dump(mode="json")

    @step(IMPORT_DAG, links=[FILES], outlets=[CATALOGUE])
    def publish(found: dict[str, Any]) -> dict[str, Any]:
        from song_preference.catalogue import importing, store, version

        catalogue = version.CatalogueVersion.model_validate(found)
        importing.publish(store.open_store(), catalogue)
        return {"version": catalogue.version, "songs": catalogue.songs}

    publish(read())


import_catalogue()
