"""The last step of `score_catalogue`: the index goes to MLflow, from where the services fetch it."""

import logging

import mlflow
from mlflow import MlflowClient

from song_preference.catalogue.index import OwnSongs, build, explain
from song_preference.catalogue.store import CatalogueStore
from song_preference.catalogue.version import Scores
from song_preference.dataset.store import DatasetStore
from song_preference.dataset.tracking import open_experiment
from song_preference.errors import NothingToDo
from song_preference.messages import Message
from song_preference.prediction import ModelRef
from song_preference.serving.model import ServedModel
from song_preference.serving.registry import INDEX_FILE, INDEX_TAG, MlflowRegistry, connect, reaching
from song_preference.serving.song_index import FORMAT
from song_preference.settings import IndexSettings, ModelSettings
from song_preference.temporary import temporary_directory

log = logging.getLogger(__name__)

EXPERIMENT = "Song catalogue"
DESCRIPTION = """\
What the champions predict for the songs of the catalogue: one run for each index that the DAG `score_catalogue` built,
with songs, words of their names, probabilities and reasons. The services search it.
"""


def index(store: CatalogueStore, settings: IndexSettings, version: str, folder: str) -> dict[str, str]:
    """Make the index of a scored catalogue the one in use, built unless it was before; return its run and experiment.

    Raise `NothingToDo` where another catalogue is in use by now.
    """
    scores = _scores(store, version, folder)
    client, experiment_id = MlflowClient(), open_experiment(EXPERIMENT, DESCRIPTION).experiment_id
    params = {"catalogue": version, "scores": folder, "most_songs": str(settings.songs), "format": FORMAT}
    wanted = " and ".join(f"params.{name} = '{value}'" for name, value in params.items())
    known = client.search_runs([experiment_id], f"{wanted} and attributes.status = 'FINISHED'", max_results=1)
    run_id = str(known[0].info.run_id) if known else _built(store, settings, scores, params)
    _scores(store, version, folder)
    client.set_registered_model_tag(settings.name, INDEX_TAG, run_id)
    log.info("The index has catalogue %s with the predictions of version %s.", version, scores.model)
    return {"run_id": run_id, "experiment_id": str(experiment_id)}


def _scores(store: CatalogueStore, version: str, folder: str) -> Scores:
    found, latest = store.scores(version, folder), store.latest()
    if found is None or latest is None or latest.version != version:
        raise NothingToDo(Message("another_catalogue", {"version": version}))
    return found


def _built(store: CatalogueStore, settings: IndexSettings, scores: Scores, params: dict[str, str]) -> str:
    """Build an index and log it; return the run."""
    trained_on = MlflowClient().get_model_version(settings.name, scores.model).tags.get("dataset_version")
    own = OwnSongs(DatasetStore(store.objects), trained_on)
    model = ServedModel.load(ModelRef(settings.name, scores.model, ""), store.graph(scores.catalogue, scores.folder))
    name = f"catalogue {scores.catalogue}, model {scores.model}"
    with temporary_directory() as directory, mlflow.start_run(run_name=name) as run:
        songs = build(store, scores, own, directory / INDEX_FILE, settings.songs)
        explain(directory / INDEX_FILE, model)
        mlflow.log_params(params)
        mlflow.log_metrics({"songs": scores.songs, "songs_liked": scores.liked, "songs_in_index": songs})
        mlflow.log_artifact(str(directory / INDEX_FILE))
    return str(run.info.run_id)


def withdraw(settings: ModelSettings, version: str) -> None:
    """Take the index of a catalogue out of use, if it is the one in use; raise `RegistryUnavailable`."""
    client = connect(settings)
    with reaching(settings.tracking_uri):
        run_id = MlflowRegistry(settings).index_run()
        if run_id and client.get_run(run_id).data.params.get("catalogue") == version:
            client.delete_registered_model_tag(settings.name, INDEX_TAG)
