"""`python -m song_preference.catalogue`: list the catalogues, show one, remove one with its scores."""

from argparse import ArgumentParser
from collections.abc import Iterator

from song_preference.catalogue.indexing import withdraw
from song_preference.catalogue.store import CatalogueStore, open_store
from song_preference.dataset.incoming import forget_catalogue, forget_old_catalogue
from song_preference.errors import SongPreferenceError
from song_preference.settings import ModelSettings, load


def main(arguments: list[str] | None = None) -> None:
    """Run one command; ends with its message where it cannot be done."""
    parser = ArgumentParser(prog="python -m song_preference.catalogue", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="all catalogues, newest first, and which models have scored them")
    for name, help_text in (("show", "what catalogue.json says"), ("remove", "delete a catalogue and its scores")):
        commands.add_parser(name, help=help_text).add_argument("version")
    chosen = parser.parse_args(arguments)
    try:
        store = open_store()
        if chosen.command == "list":
            print(*_lines(store), sep="\n")
        elif chosen.command == "show":
            print(store.find(chosen.version).model_dump_json(indent=2))
        else:
            _remove(store, chosen.version)
            print(f"Catalogue '{chosen.version}' is removed.")
    except SongPreferenceError as error:
        raise SystemExit(str(error)) from None


def _lines(store: CatalogueStore) -> Iterator[str]:
    row = "{:<14}{:<18}{:>12}{:>8}  {:<8}{:<20}{}"
    yield row.format("version", "created (UTC)", "songs", "parts", "in use", "scored by", "source")
    latest = store.latest()
    for found in store.published():
        created, is_used = f"{found.created_at:%Y-%m-%d %H:%M}", "yes" if latest == found else "-"
        models = ", ".join(store.models(found.version)) or "-"
        yield row.format(found.version, created, found.songs, len(found.parts), is_used, models, found.source.uri)
    for name in store.unfinished():
        yield f"{name:<14}unfinished: an import was ended; remove it if no run is at work"


def _remove(store: CatalogueStore, version: str) -> None:
    if version in store.unfinished():
        store.remove(version)
        return
    found = store.find(version)
    withdraw(load(ModelSettings), version)
    store.remove(version)
    if found.source.uri not in {other.source.uri for other in store.published()}:
        forget_catalogue(found.source.uri, store.objects)
        forget_old_catalogue(found.source, store.objects)


if __name__ == "__main__":
    main()
