"""The disk cache of the served model, for a start while MLflow or S3 is down."""

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
            written = json.loads(header)
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
