"""Connects predictor, store and registry; imports MLflow, so only the services' entry points import it."""

from song_preference.serving.cache import ModelCache
from song_preference.serving.model_store import ModelStore
from song_preference.serving.predictor import Predictor
from song_preference.serving.registry import MlflowRegistry
from song_preference.settings import ServingSettings


def following_champion(settings: ServingSettings) -> Predictor:
    """Return a predictor that follows the champion in MLflow; call `store.start()` to begin."""
    cache = ModelCache(settings.cache_dir, settings.name, settings.alias)
    store = ModelStore(MlflowRegistry(settings), settings.refresh_seconds, settings.name, cache)
    return Predictor(store, settings.max_batch_size)
