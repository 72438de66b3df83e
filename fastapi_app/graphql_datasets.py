"""GraphQL: dataset versions."""

from datetime import datetime
from typing import Annotated

import strawberry
from starlette.concurrency import run_in_threadpool
from strawberry.scalars import JSON

from fastapi_app.graphql_types import Asked, FirstArgument, check_first, text
from song_preference.dataset.version import DatasetVersion
from song_preference.features import FEATURES


@strawberry.type(description="A feature's mean and spread over the songs of a dataset.")
class FeatureStatistics:
    """Mirrors the domain's own."""

    feature: str = text(f"One of {', '.join(FEATURES)}.")
    mean: float = text("In [0, 1].")
    std: float = text("Sample standard deviation (n - 1).")


@strawberry.type(description="Something that was read as something else than it was written.")
class Normalisation:
    """Mirrors `Message`."""

    code: str | None = text("Names what was done; the same in every language.")
    params: JSON = text("The values in the sentence.")
    english: str = text("The sentence.")


@strawberry.type(description="A published dataset version.")
class Dataset:
    """The parts of `dataset.json` that a listener asks for."""

    version: str = text("Its name: a digest of content and parameters.")
    created_at: datetime = text("When it was published, in UTC.")
    source_kind: str = text("'drive', 'https', 's3', 'file', or 'sample', which knows nobody's taste.")
    source_uri: str = text("Where the file came from.")
    sha256: str = text("Checksum of the file.")
    test_size: float = text("Share of the songs that was set aside for the test.")
    seed: int = text("Decides which.")
    rows_raw: int = text("Rows of the file.")
    songs: int = text("Songs kept, without repetitions.")
    likes: int = text("Songs that the listener likes.")
    dislikes: int = text("Songs that the listener dislikes.")
    train_songs: int = text("Songs that models learn from.")
    test_songs: int = text("Songs that models are judged by.")
    readings: list[str] = text("What was read as something else than it was written, in English.")
    normalisations: list[Normalisation] = text("The same as data; empty for datasets published without codes.")
    features: list[FeatureStatistics] = text("One for each feature.")

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
            normalisations=[Normalisation(**vars(found)) for found in songs.normalisations],
            features=[
                FeatureStatistics(feature=name, mean=spread.mean, std=spread.std)
                for name, spread in songs.features.items()
            ],
        )


VersionArgument = Annotated[str, strawberry.argument(description="Its name, or 'latest'.")]


@strawberry.type
class DatasetQuery:
    """Conversions around the dataset store, which may take its time, in a thread."""

    @strawberry.field(  # type: ignore[untyped-decorator]
        description="The published dataset versions, the newest first."
    )
    async def datasets(self, info: Asked, first: FirstArgument = 20) -> list[Dataset] | None:
        """All are read: only their descriptions tell their order."""
        check_first(first)
        published = await run_in_threadpool(info.context.management.datasets.published)
        return [Dataset.of(found) for found in published[:first]]

    @strawberry.field(description="A published dataset version.")  # type: ignore[untyped-decorator]
    async def dataset(self, info: Asked, version: VersionArgument) -> Dataset | None:
        """By name, or the latest."""
        found = await run_in_threadpool(info.context.management.datasets.find, version)
        return Dataset.of(found)
