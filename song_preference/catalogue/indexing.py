"""The last step of `score_catalogue`: the index goes to MLflow, from where the services fetch it."""

import logging

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from song_preference.catalogue.index import OwnSongs, build, explain
from song_preference.catalogue.store import CatalogueStore
from song_preference.dataset.store import DatasetStore
from song_preference.dataset.tracking import open_experiment
from song_preference.errors import NothingToDo, RegistryUnavailable
from song_preference.messages import Message
from song_preference.prediction import ModelRef
from song_preference.serving.model import ServedModel
from song_preference.serving.registry import INDEX_FILE, INDEX_TAG, MlflowRegistry, connect
from song_preference.settings import IndexSettings, ModelSettings
from song_preference.temporary import temporary_directory

log = logging.getLogger(__name__)

EXPERIMENT = "Song catalogue"
DESCRIPTION = """\
What the champions say of the songs of the catalogue: one run for each time that the DAG `score_catalogue` built the
index that the services search, with songs, words of their names, probabilities and reasons.
"""


def index(store: CatalogueStore, settings: IndexSettings, version: str, model: str) -> dict[str, str]:
    """Build the index of a scored catalogue and make it the one in use; return the ids of run and experiment.

    Raise `NothingToDo` where the scores are gone, since somebody removed the catalogue.
    """
    if (scores := store.scores(version, model)) is None:
        raise NothingToDo(Message("no_such_catalogue", {"version": version}))
    client = MlflowClient()
    own = OwnSongs(
        DatasetStore(store.objects), client.get_model_version(settings.name, model).tags.get("dataset_version")
    )
    served = ServedModel.load(ModelRef(settings.name, model, ""), store.graph(version, model))
    open_experiment(EXPERIMENT, DESCRIPTION)
    with temporary_directory() as directory, mlflow.start_run(run_name=f"catalogue {version}, model {model}") as run:
        songs = build(store, scores, own, directory / INDEX_FILE, settings.songs)
        explain(directory / INDEX_FILE, served)
        mlflow.log_params({"catalogue": version, "model_version": model})
        mlflow.log_metrics({"songs": scores.songs, "songs_liked": scores.liked, "songs_in_index": songs})
        mlflow.log_artifact(str(directory / INDEX_FILE))
    client.set_registered_model_tag(settings.name, INDEX_TAG, run.info.run_id)
    log.info("The index has %d songs.", songs)
    return {"run_id": str(run.info.run_id), "experiment_id": str(run.info.experiment_id)}


def withdraw(settings: ModelSettings, version: str) -> None:
    """Take the index of a catalogue out of use, if it is the one in use; raise `RegistryUnavailable`."""
    client = connect(settings)
    try:
        run_id = MlflowRegistry(settings).index_run()
        if run_id and client.get_run(run_id).data.params["catalogue"] == version:
            client.delete_registered_model_tag(settings.name, INDEX_TAG)
    except MlflowException as error:
        raise RegistryUnavailable("MLflow does not answer, so the catalogue stays: is it running?") from error
