"""`python -m song_preference.dataset`: list the dataset versions, show one, remove one that nothing needs."""

from argparse import ArgumentParser
from collections.abc import Iterator

from mlflow import MlflowClient

from song_preference.dataset.manage import remove, trained_on
from song_preference.dataset.store import DatasetStore, open_store
from song_preference.errors import SongPreferenceError


def main(arguments: list[str] | None = None) -> None:
    """Run one command; ends with its message where it cannot be done."""
    parser = ArgumentParser(prog="python -m song_preference.dataset", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="all versions, newest first, and what ended runs have left")
    for name, help_text in (("show", "what dataset.json says"), ("remove", "delete a version")):
        commands.add_parser(name, help=help_text).add_argument("version")
    chosen = parser.parse_args(arguments)
    try:
        store = open_store()
        if chosen.command == "list":
            print(*_lines(store, MlflowClient()), sep="\n")
        elif chosen.command == "show":
            print(store.describe(chosen.version).model_dump_json(indent=2))
        else:
            remove(store, MlflowClient(), chosen.version)
            print(f"Dataset version '{chosen.version}' is removed.")
    except SongPreferenceError as error:
        raise SystemExit(str(error)) from None


def _lines(store: DatasetStore, registry: MlflowClient) -> Iterator[str]:
    row = "{:<14}{:<18}{:<8}{:>10}{:>10}{:>10}  {:<22}  {}"
    yield row.format("version", "created (UTC)", "source", "songs", "likes", "dislikes", "models", "name")
    for version in store.published():
        songs = version.preparation
        models = ", ".join(trained_on(registry, version.version)) or "-"
        created = f"{version.created_at:%Y-%m-%d %H:%M}"
        counts = (songs.rows_kept, songs.likes, songs.dislikes)
        yield row.format(version.version, created, version.source.kind, *counts, models, version.name)
    for name in store.unfinished():
        yield f"{name:<14}unfinished: a run was ended or rejected the file; remove it if no run is at work"


if __name__ == "__main__":
    main()
