"""Serve another version again: `python -m song_preference.training.rollback [VERSION]`.

Without a version it is the one that the present champion replaced.
"""

import argparse
import sys

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from song_preference.errors import RegistryUnavailable, SongPreferenceError, VersionNotFound
from song_preference.serving.registry import connect, find_version
from song_preference.settings import ModelSettings, load
from song_preference.training.fingerprint import CHALLENGER, REPLACED


def rollback(settings: ModelSettings, version: str | None = None) -> str:
    """Make `version` the champion, and the present one challenger; returns what was done.

    A version named, whichever it is, is noted to have replaced the present one, so that a rollback without a
    version undoes it. One that was not named is noted nowhere: it goes back one further each time.
    Raises `VersionNotFound` and `RegistryUnavailable`.
    """
    client = connect(settings)
    try:
        champion = find_version(client, settings.name, settings.alias)
        wanted = _previous(settings, champion) if version is None else version
        if champion and str(champion.version) == wanted:
            return f"Version {wanted} is the champion already."
        _existing(client, settings, wanted)
        if champion and version is not None:
            client.set_model_version_tag(settings.name, wanted, REPLACED, str(champion.version))
        client.set_registered_model_alias(settings.name, settings.alias, wanted)
        if champion:
            client.set_registered_model_alias(settings.name, CHALLENGER, str(champion.version))
    except MlflowException as error:
        raise RegistryUnavailable(f"MLflow at {settings.tracking_uri} does not answer: is it running?") from error
    return f"Version {wanted} of {settings.name} is the champion" + (
        f", version {champion.version} the challenger." if champion else "."
    )


def _previous(settings: ModelSettings, champion: ModelVersion | None) -> str:
    if champion is None:
        raise VersionNotFound(f"{settings.name} has no champion to go back from: name a version.")
    if REPLACED not in champion.tags:
        raise VersionNotFound(
            f"Version {champion.version} of {settings.name} replaced no other: name a version to go back to."
        )
    return str(champion.tags[REPLACED])


def _existing(client: MlflowClient, settings: ModelSettings, wanted: str) -> None:
    known = sorted(int(found.version) for found in client.search_model_versions(f"name = '{settings.name}'"))
    if not wanted.isdecimal() or int(wanted) not in known:
        raise VersionNotFound(
            f"{settings.name} has no version {wanted}; it has {', '.join(map(str, known)) or 'none yet'}."
        )


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="song_preference.training.rollback", description=__doc__)
    parser.add_argument("version", nargs="?", metavar="VERSION")
    try:
        print(rollback(load(ModelSettings), parser.parse_args().version or None))
    except SongPreferenceError as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
