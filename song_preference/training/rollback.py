"""Serve another version again: `python -m song_preference.training.rollback [VERSION]`.

Without a version it is the one that the current champion replaced.
"""

import argparse
import logging
import sys
from datetime import UTC, datetime

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from song_preference.errors import PipelineError, SongPreferenceError, VersionNotFound
from song_preference.messages import Message
from song_preference.pipeline.airflow import Airflow
from song_preference.serving.registry import CHALLENGER, connect, find_version, reaching
from song_preference.serving.versions import DECLINED, REPLACED, ROLLED_BACK
from song_preference.settings import AirflowSettings, ModelSettings, load

log = logging.getLogger(__name__)


def rollback(settings: ModelSettings, version: str | None = None) -> Message:
    """Make `version` the champion, and the current one challenger; return a message about it.

    If `version` is given, its tag `replaced` names the current champion, so that a rollback without a version undoes
    it. Without one it stays, so each rollback goes back one version further. The current champion is marked as rolled
    back from, so that it is not promoted again by itself. `version` keeps its listener and the best champion until
    then, with which later candidates are compared. Raise `VersionNotFound` and `RegistryUnavailable`.
    """
    client = connect(settings)
    with reaching(settings.tracking_uri):
        champion = find_version(client, settings.name, settings.alias)
        wanted = _previous(settings, champion) if version is None else version
        if champion and str(champion.version) == wanted:
            return Message("already_champion", {"version": wanted})
        _existing(client, settings, wanted)
        if champion and version is not None:
            client.set_model_version_tag(settings.name, wanted, REPLACED, str(champion.version))
        client.delete_model_version_tag(settings.name, wanted, ROLLED_BACK)
        client.delete_model_version_tag(settings.name, wanted, DECLINED)
        if champion:
            # Before the alias moves: a repetition after an error would find the version to be champion already.
            now = datetime.now(UTC).isoformat()
            client.set_model_version_tag(settings.name, str(champion.version), ROLLED_BACK, now)
        client.set_registered_model_alias(settings.name, settings.alias, wanted)
        if champion:
            client.set_registered_model_alias(settings.name, CHALLENGER, str(champion.version))
    values = {"version": wanted, "model": settings.name}
    if champion is None:
        return Message("made_champion", values)
    return Message("rolled_back", values | {"challenger": str(champion.version)})


def announced(airflow: Airflow) -> bool:
    """Tell Airflow that another version answers; return whether that succeeded, since the rollback did in any case."""
    try:
        airflow.announce_champion()
    except PipelineError as error:
        log.warning("%s", error)
        return False
    return True


def decline(settings: ModelSettings, version: str) -> Message:
    """Keep the champion instead of `version`, so that the dashboard no longer proposes it; return a message about it.

    Raise `VersionNotFound` and `RegistryUnavailable`.
    """
    client = connect(settings)
    with reaching(settings.tracking_uri):
        _existing(client, settings, version)
        client.set_model_version_tag(settings.name, version, DECLINED, datetime.now(UTC).isoformat())
    return Message("declined", {"version": version, "model": settings.name})


def _previous(settings: ModelSettings, champion: ModelVersion | None) -> str:
    if champion is None:
        raise VersionNotFound(Message("no_champion_to_replace", {"model": settings.name}))
    if REPLACED not in champion.tags:
        values = {"version": str(champion.version), "model": settings.name}
        raise VersionNotFound(Message("replaced_no_other", values))
    return str(champion.tags[REPLACED])


def _existing(client: MlflowClient, settings: ModelSettings, wanted: str) -> None:
    known = sorted(int(found.version) for found in client.search_model_versions(f"name = '{settings.name}'"))
    if not wanted.isdecimal() or int(wanted) not in known:
        versions = [str(number) for number in known] or Message("none_yet").as_json()
        raise VersionNotFound(
            Message("no_such_version", {"model": settings.name, "version": wanted, "known": versions})
        )


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="song_preference.training.rollback", description=__doc__)
    parser.add_argument("version", nargs="?", metavar="VERSION")
    try:
        airflow = Airflow(load(AirflowSettings))
        print(rollback(load(ModelSettings), parser.parse_args().version or None))
        if not announced(airflow):
            print(Message("champion_not_announced"), file=sys.stderr)
    except SongPreferenceError as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
