"""The store of the served model: a thread watches the alias and swaps in a new version once it is checked."""

import logging
import random
import threading
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, Protocol

from song_preference.errors import DiskFull, ModelNotReady, ModelRefused, RegistryUnavailable
from song_preference.prediction import ModelRef
from song_preference.serving.cache import ModelCache
from song_preference.serving.model import ServedModel
from song_preference.serving.versions import RegisteredVersion

log = logging.getLogger(__name__)

JITTER = 0.1
"""Share by which pauses vary, so that services do not refresh at the same time."""

LONGEST_PAUSE_SECONDS = 60
"""Longest pause between refreshes, however long the registry has been down."""

Outcome = Literal["swapped", "unchanged", "missing", "refused", "unavailable"]
"""How a refresh ended: new model, same model, alias without a version, model rejected, registry unreachable."""


@dataclass(frozen=True, slots=True)
class Served:
    """The model in service and its state."""

    model: ServedModel
    since: datetime
    stale: bool = False
    """Whether another model may be champion: the registry is unreachable, or its champion is missing or rejected."""


class Registry(Protocol):
    """The source of champions."""

    def champion(self) -> ModelRef | None:
        """Return the version behind the alias, None before the first; raise `RegistryUnavailable`."""

    def graph(self, ref: ModelRef) -> bytes:
        """Return the version's ONNX graph; raise `RegistryUnavailable` and `DiskFull`."""

    def versions(self, limit: int) -> list[RegisteredVersion]:
        """Return at most `limit` versions, the newest first; raise `RegistryUnavailable`."""


class ModelStore:
    """Holds one immutable model, which readers get without a lock."""

    def __init__(
        self, registry: Registry, refresh_seconds: float, model_name: str, cache: ModelCache | None = None
    ) -> None:
        self.outcomes: Counter[Outcome] = Counter()
        """Number of refreshes by outcome."""
        self.refusal: str | None = None
        """Why the registry's champion is not served: it was rejected, or its artifacts cannot be read."""
        self._registry, self._cache = registry, cache
        self._refresh_seconds = refresh_seconds
        self._not_ready = f"No champion for '{model_name}' yet: run the DAG process_etl_spotify_data."
        self._served: Served | None = None
        self._refused: ModelRef | None = None
        self._refreshing = threading.Lock()
        self._stop = threading.Event()
        # A daemon, so that a download from a hanging server cannot keep the process alive.
        self._thread = threading.Thread(target=self._watch, name="model-refresh", daemon=True)

    def start(self) -> None:
        """Serve the cached model, stale until the registry confirms it, and start watching the alias.

        Does not wait for the registry, so that a service answers its probes at once.
        """
        self._serve_cached()
        self._thread.start()

    def stop(self) -> None:
        """Stop the watching thread."""
        self._stop.set()

    def current(self) -> Served:
        """Return the model in service; raise `ModelNotReady`."""
        served = self._served
        if served is None:
            raise ModelNotReady(self.refusal or self._not_ready)
        return served

    def versions(self, limit: int) -> list[RegisteredVersion]:
        """Return at most `limit` registered versions, the newest first; raise `RegistryUnavailable`."""
        return self._registry.versions(limit)

    def refresh(self, *, again: bool = False) -> Outcome:
        """Load the champion if it changed; raise `RegistryUnavailable`, `DiskFull` and `ModelRefused`.

        A rejected champion is only loaded again if `again`.
        """
        with self._refreshing:
            try:
                outcome = self._refresh(again=again)
            except (RegistryUnavailable, DiskFull):
                self._note("unavailable")
                raise
            except ModelRefused:
                self._note("refused")
                raise
            self._note(outcome)
            return outcome

    def _refresh(self, *, again: bool) -> Outcome:
        ref = self._registry.champion()
        if ref is None:
            return "missing"
        if ref == self._refused and not again:
            return "refused"
        if self._served is not None and self._served.model.ref == ref:
            self._refused = self.refusal = None
            return "unchanged"
        try:
            graph = self._registry.graph(ref)
            model = ServedModel.load(ref, graph)
        except RegistryUnavailable as reason:
            # Not rejected: the next refresh tries to download its artifacts again.
            self.refusal = str(reason)
            raise
        except ModelRefused as reason:
            self._refused, self.refusal = ref, str(reason)
            raise
        self._served = Served(model, datetime.now(UTC))
        self._refused = self.refusal = None
        log.info("Serving %s version %s.", ref.name, ref.version)
        if self._cache:
            self._cache.keep(ref, graph)
        return "swapped"

    def _note(self, outcome: Outcome) -> None:
        self.outcomes[outcome] += 1
        stale = outcome not in {"swapped", "unchanged"}
        if self._served is not None and self._served.stale != stale:
            self._served = replace(self._served, stale=stale)

    def _serve_cached(self) -> None:
        cached = self._cache.load() if self._cache and self._served is None else None
        if cached is None:
            return
        try:
            self._served = Served(ServedModel.load(*cached), datetime.now(UTC), stale=True)
        except ModelRefused as reason:
            log.warning("The model in MODEL_CACHE_DIR failed validation: %s", reason)
        else:
            log.info(
                "Serving %s version %s from the cache until the registry answers.", cached[0].name, cached[0].version
            )

    def _watch(self) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                self.refresh()
                failures = 0
            except (RegistryUnavailable, DiskFull) as error:
                failures += 1
                log.warning("%s", error)
            except ModelRefused as error:
                failures = 0
                log.error("%s The previous model keeps serving.", error)  # noqa: TRY400 - the message needs no traceback
            except Exception:
                # The thread must survive any error, or no new champion would ever be served.
                failures += 1
                log.exception("The refresh failed unexpectedly.")
            self._stop.wait(self._pause(failures))

    def _pause(self, failures: int) -> float:
        longest = max(self._refresh_seconds, LONGEST_PAUSE_SECONDS)
        pause = min(self._refresh_seconds * float(2 ** min(failures, 10)), longest)
        return pause * random.uniform(1 - JITTER, 1)  # noqa: S311 - no secret depends on it
