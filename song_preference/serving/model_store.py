"""Keeps the champion: a thread watches the alias and swaps in a new version once it is loaded and checked."""

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
"""Share by which pauses differ, lest all services ask in the same moment."""

LONGEST_PAUSE_SECONDS = 60
"""However long the registry is away: once it is back, a new champion is served this soon."""

Outcome = Literal["swapped", "unchanged", "missing", "refused", "unavailable"]
"""How a refresh ended: a new model serves, the same one does, the alias names none, it was refused, no answer."""


@dataclass(frozen=True, slots=True)
class Served:
    """The model in service, and whether it may not be the champion any more."""

    model: ServedModel
    since: datetime
    stale: bool = False
    """The registry cannot be reached, or its champion is missing or was refused."""


class Registry(Protocol):
    """Where champions come from."""

    def champion(self) -> ModelRef | None:
        """The version behind the alias, None before the first; raises `RegistryUnavailable`."""

    def graph(self, ref: ModelRef) -> bytes:
        """The version's ONNX graph; raises `RegistryUnavailable` and `DiskFull`."""

    def versions(self, limit: int) -> list[RegisteredVersion]:
        """At most `limit` versions, the newest first; raises `RegistryUnavailable`."""


class ModelStore:
    """Holds one immutable model; readers take it with one attribute access and never wait."""

    def __init__(
        self, registry: Registry, refresh_seconds: float, model_name: str, cache: ModelCache | None = None
    ) -> None:
        self.outcomes: Counter[Outcome] = Counter()
        """How many refreshes ended how."""
        self.refusal: str | None = None
        """Why the registry's champion is not served, where it was rejected or its artifacts cannot be read."""
        self._registry, self._cache = registry, cache
        self._refresh_seconds = refresh_seconds
        self._not_ready = f"No champion for '{model_name}' yet: run the DAG process_etl_spotify_data."
        self._served: Served | None = None
        self._refused: ModelRef | None = None
        self._refreshing = threading.Lock()
        self._stop = threading.Event()
        # A daemon, since a download from a server that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._watch, name="model-refresh", daemon=True)

    def start(self) -> None:
        """Serve what was kept of an earlier run, stale until the registry confirms it, and begin to watch.

        Does not wait for the registry, so a service answers its probes from the first moment.
        """
        self._serve_kept()
        self._thread.start()

    def stop(self) -> None:
        """Let the watching thread end."""
        self._stop.set()

    def current(self) -> Served:
        """The model to answer with; raises `ModelNotReady`."""
        served = self._served
        if served is None:
            raise ModelNotReady(self.refusal or self._not_ready)
        return served

    def versions(self, limit: int) -> list[RegisteredVersion]:
        """At most `limit` registered versions, the newest first; asks the registry, raises `RegistryUnavailable`."""
        return self._registry.versions(limit)

    def refresh(self, *, again: bool = False) -> Outcome:
        """Load the champion if it is another one; raises `RegistryUnavailable`, `DiskFull` and `ModelRefused`.

        A champion that was refused is not looked at twice, unless `again`.
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
            # Not noted as refused: its artifacts are asked for again with every refresh.
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

    def _serve_kept(self) -> None:
        kept = self._cache.load() if self._cache and self._served is None else None
        if kept is None:
            return
        try:
            self._served = Served(ServedModel.load(*kept), datetime.now(UTC), stale=True)
        except ModelRefused as reason:
            log.warning("The model in MODEL_CACHE_DIR is of no use: %s", reason)
        else:
            log.info("Serving %s version %s as it was kept, until the registry answers.", kept[0].name, kept[0].version)

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
                log.error("%s The model loaded before goes on.", error)  # noqa: TRY400 - the message says all
            except Exception:
                # Whatever it is, the thread must live on, or no champion would ever be served again.
                failures += 1
                log.exception("The refresh failed unexpectedly.")
            self._stop.wait(self._pause(failures))

    def _pause(self, failures: int) -> float:
        longest = max(self._refresh_seconds, LONGEST_PAUSE_SECONDS)
        pause = min(self._refresh_seconds * float(2 ** min(failures, 10)), longest)
        return pause * random.uniform(1 - JITTER, 1)  # noqa: S311 - no secret depends on it
