"""Which registered version is served."""

import logging

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from song_preference.serving.registry import find_version

log = logging.getLogger(__name__)

CHALLENGER = "challenger"


def promote(client: MlflowClient, model_name: str, version: str, alias: str) -> bool:
    """Make `version` the champion; tells whether it became it.

    The newest version wins, except that a model of the bundled sample never replaces one of a real
    playlist: it becomes the challenger.
    """
    contender = client.get_model_version(model_name, version)
    champion = find_version(client, model_name, alias)
    if champion is not None and not _is_sample(champion) and _is_sample(contender):
        client.set_registered_model_alias(model_name, CHALLENGER, version)
        log.warning("Version %s learned from the bundled sample: version %s stays champion.", version, champion.version)
        return False
    client.set_registered_model_alias(model_name, alias, version)
    log.info("%s version %s is now '%s'.", model_name, version, alias)
    return True


def _is_sample(version: ModelVersion) -> bool:
    return version.tags.get("source_kind") == "sample"
