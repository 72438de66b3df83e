"""The last good model on disk: what a service answers with when it is started while MLflow or S3 is down."""

import hashlib
import json
import logging
import os
from dataclasses import asdict
from pathlib import Path
from tempfile import NamedTemporaryFile

from song_preference.prediction import ModelRef

log = logging.getLogger(__name__)


class ModelCache:
    """One file for each registered model and alias: a line of JSON with reference and checksum, then the graph.

    It is replaced at once or not at all, so services that share the directory do each other no harm.
    """

    def __init__(self, directory: Path, name: str, alias: str) -> None:
        self._name, self._alias = name, alias
        self._path = directory / f"{hashlib.sha256(f'{name}@{alias}'.encode()).hexdigest()[:16]}.model"

    def keep(self, ref: ModelRef, graph: bytes) -> None:
        """Replace what is kept; where that fails, a service goes on without and its log says so."""
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
            log.warning("The model is not kept for a restart (%s): check MODEL_CACHE_DIR.", error.strerror)
            if temporary is not None:
                temporary.unlink(missing_ok=True)

    def load(self) -> tuple[ModelRef, bytes] | None:
        """What is kept; None where there is nothing, or nothing whole."""
        try:
            header, _, graph = self._path.read_bytes().partition(b"\n")
            written = json.loads(header)
            is_whole = written.pop("sha256") == hashlib.sha256(graph).hexdigest()
            ref = ModelRef(**written)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("The model in MODEL_CACHE_DIR cannot be read (%s).", type(error).__name__)
            return None
        if not is_whole or (ref.name, ref.alias) != (self._name, self._alias):
            log.warning("The model in MODEL_CACHE_DIR is damaged: it is left alone.")
            return None
        return ref, graph
