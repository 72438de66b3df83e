"""GraphQL: dataset versions."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from graphql import GraphQLError
from starlette.concurrency import run_in_threadpool

from fastapi_app.graphql_types import Asked
from song_preference.dataset.version import DatasetVersion
from song_preference.features import FEATURES

MAX_DATASETS = 100
LATEST = "latest"


def _text(description: str) -> Any:
    return strawberry.field(description=description)


@strawberry.type(description="A feature's mean and spread over the songs of a dataset.")
class FeatureStatistics:
    """Mirrors the domain's own."""

    feature: str = _text(f"One of {', '.join(FEATURES)}.")
    mean: float = _text("In [0, 1].")
    std: float = _text("Sample standard deviation (n - 1).")


@strawberry.type(description="A published dataset version.")
class Dataset:
    """The parts of `dataset.json` that a listener asks for."""

    version: str = _text("Its name: a digest of content and parameters.")
    created_at: datetime = _text("When it was published, in UTC.")
    source_kind: str = _text("'drive', 'https', 's3', 'file', or 'sample', which knows nobody's taste.")
    source_uri: str = _text("Where the file came from.")
    sha256: str = _text("Checksum of the file.")
    test_size: float = _text("Share of the songs that was set aside for the test.")
    seed: int = _text("Decides which.")
    rows_raw: int = _text("Rows of the file.")
    songs: int = _text("Songs kept, without repetitions.")
    likes: int = _text("Songs that the listener likes.")
    dislikes: int = _text("Songs that the listener dislikes.")
    train_songs: int = _text("Songs that models learn from.")
    test_songs: int = _text("Songs that models are judged by.")
    readings: list[str] = _text("What was read as something else than it was written.")
    features: list[FeatureStatistics] = _text("One for each feature.")

    @classmethod
    def of(cls, found: DatasetVersion) -> "Dataset":
        """The version as GraphQL will show it."""
        songs = found.preparation
        return cls(
            version=found.version,
            created_at=found.created_at,
            source_kind=found.source.kind,
            source_uri=found.source.uri,
            sha256=found.source.sha256,
            test_size=found.parameters.test_size,
            seed=found.parameters.seed,
            rows_raw=songs.rows_raw,
            songs=songs.rows_kept,
            likes=songs.likes,
            dislikes=songs.dislikes,
            train_songs=found.split.train,
            test_songs=found.split.test,
            readings=songs.readings,
            features=[
                FeatureStatistics(feature=name, mean=spread.mean, std=spread.std)
                for name, spread in songs.features.items()
            ],
        )


FirstArgument = Annotated[int, strawberry.argument(description=f"How many at most: 1 to {MAX_DATASETS}.")]
VersionArgument = Annotated[str, strawberry.argument(description="Its name, or 'latest'.")]


@strawberry.type
class DatasetQuery:
    """Conversions around the dataset store, which may take its time, in a thread."""

    @strawberry.field(  # type: ignore[untyped-decorator]
        description="The published dataset versions, the newest first."
    )
    async def datasets(self, info: Asked, first: FirstArgument = 20) -> list[Dataset] | None:
        """All are read: only their descriptions tell their order."""
        if not 1 <= first <= MAX_DATASETS:
            raise GraphQLError(f"'first' is {first} and must lie in [1, {MAX_DATASETS}].")
        published = await run_in_threadpool(info.context.management.datasets.published)
        return [Dataset.of(found) for found in published[:first]]

    @strawberry.field(description="A published dataset version.")  # type: ignore[untyped-decorator]
    async def dataset(self, info: Asked, version: VersionArgument) -> Dataset | None:
        """By name, or the latest."""
        store = info.context.management.datasets
        found = await (
            run_in_threadpool(store.latest) if version == LATEST else run_in_threadpool(store.describe, version)
        )
        return Dataset.of(found)
