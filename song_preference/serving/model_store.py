"""The store of the served model, and its disk cache for a start while MLflow or S3 is down.

A thread watches the alias and swaps in a new version once it is checked.
"""

import hashlib
import json
import logging
import os
import threading
from collections import Counter
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Literal, Protocol

from song_preference.errors import DiskFull, ModelNotReady, ModelRejected, RegistryUnavailable, UnknownVersion
from song_preference.messages import Message
from song_preference.prediction import ModelRef, RegisteredVersion
from song_preference.serving.model import ServedModel
from song_preference.serving.watcher import Watcher


class ModelCache:
    """One file for each registered model and alias: a line of JSON with reference and checksum, then the graph.

    The file is replaced atomically, so services can share the directory.
    """

    def __init__(self, directory: Path, name: str, alias: str) -> None:
        self._name, self._alias = name, alias
        self._path = directory / f"{hashlib.sha256(f'{name}@{alias}'.encode()).hexdigest()[:16]}.model"

    def keep(self, ref: ModelRef, graph: bytes) -> None:
        """Replace the cached model; log a warning if that fails."""
        header = json.dumps({**asdict(ref), "sha256": hashlib.sha256(graph).hexdigest()})
        temporary = None
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=self._path.parent, delete=False) as file:
                temporary = Path(file.name)
                file.write(header.encode() + b"\n" + graph)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._path)
        except OSError as error:
            log.warning("The model could not be cached for a restart (%s): check MODEL_CACHE_DIR.", error.strerror)
            if temporary is not None:
                temporary.unlink(missing_ok=True)

    def load(self) -> tuple[ModelRef, bytes] | None:
        """Return the cached model; None if the file is absent or corrupt."""
        try:
            header, _, graph = self._path.read_bytes().partition(b"\n")
            written = dict(json.loads(header))
            is_whole = written.pop("sha256") == hashlib.sha256(graph).hexdigest()
            ref = ModelRef(**written)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("The model in MODEL_CACHE_DIR cannot be read (%s).", type(error).__name__)
            return None
        if not is_whole or (ref.name, ref.alias) != (self._name, self._alias):
            log.warning(
                "The model in MODEL_CACHE_DIR is corrupt and ignored: delete it, or wait for the next champion."
            )
            return None
        return ref, graph


log = logging.getLogger(__name__)

SHOWN_CHARACTERS = 40
"""Most characters that an error repeats of a version that a caller names."""

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
    """Holds one immutable model, which readers get without a lock.

    The model of `challenger` answers only callers that name its version.
    """

    goes_with_alias = False
    """Whether it holds nothing once no version has the alias, as of a challenger: a champion is better than none."""

    def __init__(
        self,
        registry: Registry,
        refresh_seconds: float,
        model_name: str,
        cache: ModelCache | None = None,
        challenger: "ModelStore | None" = None,
    ) -> None:
        self.outcomes: Counter[Outcome] = Counter()
        """Number of refreshes by outcome."""
        self.rejection: Message | None = None
        """Why the registry's champion is not served: it was rejected, or its artifacts cannot be read."""
        self._registry, self._cache, self._challenger = registry, cache, challenger
        self.model_name = model_name
        """Name of the registered model."""
        self.served: Served | None = None
        """The model in service; None before the first."""
        self._rejected: ModelRef | None = None
        self._refreshing = threading.Lock()
        self._watcher = Watcher("model-refresh", self.refresh, refresh_seconds)

    def start(self) -> None:
        """Serve the cached model, stale until the registry confirms it, and start watching the aliases.

        Does not wait for the registry, so that a service answers its probes at once.
        """
        self._serve_cached()
        self._watcher.start()
        if self._challenger:
            self._challenger.start()

    def stop(self) -> None:
        """Stop the watching threads."""
        self._watcher.stop()
        if self._challenger:
            self._challenger.stop()

    def current(self, version: str | None = None) -> Served:
        """Return the model in service, or the loaded one of a version; raise `ModelNotReady` and `UnknownVersion`."""
        served = self.served
        if version is not None and (loaded := self.loaded()):
            if version not in loaded:
                asked, known = version[:SHOWN_CHARACTERS], " or ".join(loaded)
                raise UnknownVersion(
                    f"Version {asked!r} is not loaded: ask for {known}, or for the champion with none."
                )
            return loaded[version]
        if served is None:
            raise ModelNotReady(self.rejection or Message("no_champion_loaded", {"model": self.model_name}))
        return served

    def loaded(self) -> dict[str, Served]:
        """Return the models that can answer by version: that in service first, then the challenger."""
        challenger = self._challenger.served if self._challenger else None
        found: dict[str, Served] = {}
        for served in filter(None, (self.served, challenger)):
            found.setdefault(served.model.ref.version, served)
        return found

    def versions(self, limit: int) -> list[RegisteredVersion]:
        """Return at most `limit` registered versions, the newest first; raise `RegistryUnavailable`."""
        return self._registry.versions(limit)

    def refresh(self, *, again: bool = False) -> Outcome:
        """Load the champion if it changed; raise `RegistryUnavailable` and `DiskFull`.

        A rejected champion is only loaded again if `again`; `rejection` has the reason.
        """
        with self._refreshing:
            try:
                outcome = self._refresh(again=again)
            except (RegistryUnavailable, DiskFull):
                self._note("unavailable")
                raise
            self._note(outcome)
            return outcome

    def _refresh(self, *, again: bool) -> Outcome:
        ref = self._registry.champion()
        if ref is None:
            if self.goes_with_alias:
                self.served = None
            return "missing"
        if ref == self._rejected and not again:
            return "refused"
        if self.served is not None and self.served.model.ref == ref:
            self._rejected = self.rejection = None
            return "unchanged"
        try:
            graph = self._registry.graph(ref)
            model = ServedModel.load(ref, graph)
        except RegistryUnavailable as reason:
            # Not rejected: the next refresh tries to download its artifacts again.
            self.rejection = reason.message
            raise
        except ModelRejected as reason:
            self._rejected, self.rejection = ref, reason.message
            log.error("%s The model before it, if there is one, goes on.", reason)  # noqa: TRY400 - no traceback needed
            return "refused"
        self.served = Served(model, datetime.now(UTC))
        self._rejected = self.rejection = None
        log.info("Serving %s version %s, the %s.", ref.name, ref.version, ref.alias)
        if self._cache:
            self._cache.keep(ref, graph)
        return "swapped"

    def _note(self, outcome: Outcome) -> None:
        self.outcomes[outcome] += 1
        stale = outcome not in {"swapped", "unchanged"}
        if self.served is not None and self.served.stale != stale:
            self.served = replace(self.served, stale=stale)

    def _serve_cached(self) -> None:
        cached = self._cache.load() if self._cache and self.served is None else None
        if cached is None:
            return
        try:
            self.served = Served(ServedModel.load(*cached), datetime.now(UTC), stale=True)
        except ModelRejected as reason:
            log.warning("The model in MODEL_CACHE_DIR failed validation: %s", reason)
        else:
            log.info(
                "Serving %s version %s from the cache until the registry answers.", cached[0].name, cached[0].version
            )
