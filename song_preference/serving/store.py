"""Keeps the champion: a thread watches the alias and swaps in a new version once it is loaded and checked."""

import logging
import threading

from song_preference.errors import ModelNotReady, ModelRefused, RegistryUnavailable
from song_preference.serving.model import ServedModel
from song_preference.serving.registry import Registry

log = logging.getLogger(__name__)


class ModelStore:
    """Holds one immutable model; readers take it with one attribute access and never wait."""

    def __init__(self, registry: Registry, refresh_seconds: float, model_name: str) -> None:
        self._registry = registry
        self._refresh_seconds = refresh_seconds
        self._not_ready = f"No champion for '{model_name}' yet: run the DAG process_etl_spotify_data."
        self._model: ServedModel | None = None
        self._refused: str | None = None
        self._stop = threading.Event()
        # A daemon, since a download from a server that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._watch, name="model-refresh", daemon=True)

    def start(self) -> None:
        """Begin to watch; returns at once, so a service answers its probes from the first moment."""
        self._thread.start()

    def stop(self) -> None:
        """Let the watching thread end."""
        self._stop.set()

    def current(self) -> ServedModel:
        """The model to answer with; raises `ModelNotReady`."""
        if self._model is None:
            raise ModelNotReady(self._not_ready)
        return self._model

    def refresh(self) -> None:
        """Load the champion if it is another version; raises `RegistryUnavailable` and `ModelRefused`."""
        ref = self._registry.champion()
        if ref is None or ref.version == self._refused:
            return
        if self._model is not None and self._model.ref == ref:
            return
        try:
            self._model = ServedModel.load(ref, self._registry.graph(ref))
        except ModelRefused:
            self._refused = ref.version
            raise
        log.info("Serving %s version %s.", ref.name, ref.version)

    def _watch(self) -> None:
        while not self._stop.is_set():
            try:
                self.refresh()
            except RegistryUnavailable as error:
                log.warning("%s", error)
            except ModelRefused:
                log.exception("The champion was refused; the model loaded before goes on.")
            self._stop.wait(self._refresh_seconds)
