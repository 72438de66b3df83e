"""Catalogue versions and their scores in S3. `catalogue.json` publishes a version, `scores.json` its scores."""

import json
import re
from pathlib import Path

from song_preference.catalogue.version import CatalogueVersion, Part, Scores
from song_preference.errors import CatalogueNotFound
from song_preference.messages import Message
from song_preference.settings import S3Settings
from song_preference.storage import ObjectStore, s3_client

PREFIX = "catalogue/"
LATEST = f"{PREFIX}latest.json"
DESCRIPTION, SCORES, GRAPH = "catalogue.json", "scores.json", "model.onnx"
NAME = re.compile("[0-9a-f]{12}")


class CatalogueStore:
    """Reads and writes the versions below `catalogue/`."""

    def __init__(self, objects: ObjectStore) -> None:
        self.objects = objects

    def publish(self, description: CatalogueVersion) -> None:
        """Make a version visible and the one in use; raise `CatalogueNotFound` where one of its parts is missing."""
        self._check_parts(f"{PREFIX}{description.version}/", description.parts)
        self.objects.put(_key(description.version, DESCRIPTION), description.model_dump_json(indent=2).encode())
        self.objects.put(LATEST, json.dumps({"version": description.version}).encode())

    def find(self, version: str) -> CatalogueVersion:
        """Return a published version; raise `CatalogueNotFound`."""
        content = self.objects.get(_key(version, DESCRIPTION)) if NAME.fullmatch(version) else None
        if content is None:
            raise CatalogueNotFound(Message("no_such_catalogue", {"version": version}))
        return CatalogueVersion.model_validate_json(content)

    def latest(self) -> CatalogueVersion | None:
        """Return the version in use, None where there is none."""
        pointer = self.objects.get(LATEST)
        return self.find(json.loads(pointer)["version"]) if pointer else None

    def published(self) -> list[CatalogueVersion]:
        """Return all published versions, newest first."""
        names = [key.split("/")[1] for key in self.objects.keys(PREFIX) if key.endswith(f"/{DESCRIPTION}")]
        return sorted(map(self.find, names), key=lambda version: version.created_at, reverse=True)

    def put_part(self, version: str, name: str, path: Path, model: str | None = None) -> None:
        """Keep a file as a part of a version, or of its scores by a model; it is not sent again if it is there."""
        with path.open("rb") as file:
            self.objects.put_new(_key(version, name, model), file)

    def fetch_part(self, version: str, name: str, target: Path, model: str | None = None) -> None:
        """Write a part to a file; raise `CatalogueNotFound`."""
        if not self.objects.download(_key(version, name, model), target):
            raise _part_gone(version, name)

    def publish_scores(self, scores: Scores) -> None:
        """Make scores visible; raise `CatalogueNotFound` where a part is missing."""
        self._check_parts(_key(scores.catalogue, "", scores.folder), scores.parts)
        self.objects.put(_key(scores.catalogue, SCORES, scores.folder), scores.model_dump_json(indent=2).encode())

    def scores(self, version: str, model: str) -> Scores | None:
        """Return what a version of the model answers, None where it has not been asked, or not to the end."""
        content = self.objects.get(_key(version, SCORES, model))
        return Scores.model_validate_json(content) if content else None

    def models(self, version: str) -> list[str]:
        """Return the versions of the model that have scored a catalogue, in the order of their numbers."""
        found = (key.split("/") for key in self.objects.keys(_key(version, "scores/")))
        return sorted((key[3].partition("-")[0] for key in found if key[-1] == SCORES), key=int)

    def unfinished(self) -> list[str]:
        """Return versions that have objects but no description: never published, or removed halfway."""
        versions = {key.split("/")[1] for key in self.objects.keys(PREFIX) if key != LATEST}
        return sorted(versions - {published.version for published in self.published()})

    def put_graph(self, version: str, model: str, graph: bytes) -> None:
        """Keep the model beside its scores, so that a task that scores needs nothing but S3."""
        self.objects.put(_key(version, GRAPH, model), graph)

    def graph(self, version: str, model: str) -> bytes:
        """Return the model; raise `CatalogueNotFound`."""
        content = self.objects.get(_key(version, GRAPH, model))
        if content is None:
            raise _part_gone(version, GRAPH)
        return content

    def remove(self, version: str) -> None:
        """Delete a version with its scores; it is withdrawn first, so that nobody finds half of it."""
        latest = self.latest()
        if latest and latest.version == version:
            self.objects.remove(LATEST)
        self.objects.remove(_key(version, DESCRIPTION))
        for key in self.objects.keys(_key(version, "")):
            self.objects.remove(key)

    def _check_parts(self, prefix: str, parts: list[Part]) -> None:
        there = set(self.objects.keys(prefix))
        for part in parts:
            if f"{prefix}{part.name}" not in there:
                raise _part_gone(prefix.split("/")[1], part.name)


def open_store() -> CatalogueStore:
    """Return the store that the environment names."""
    settings = S3Settings()
    return CatalogueStore(ObjectStore(s3_client(settings), settings.data_bucket))


def _key(version: str, name: str, model: str | None = None) -> str:
    return f"{PREFIX}{version}/scores/{model}/{name}" if model else f"{PREFIX}{version}/{name}"


def _part_gone(version: str, name: str) -> CatalogueNotFound:
    return CatalogueNotFound(Message("catalogue_part_gone", {"version": version, "part": name}))
