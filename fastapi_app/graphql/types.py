"""The types of the GraphQL schema: derived from REST's models where both show the same, else mapped explicitly."""

from datetime import datetime
from typing import Any

import strawberry
from pydantic import BaseModel
from strawberry.experimental import pydantic
from strawberry.scalars import JSON

from fastapi_app import schemas
from fastapi_app import songs as catalogue_songs
from song_preference import prediction as domain
from song_preference.dataset.version import DatasetVersion
from song_preference.features import FEATURES, Song
from song_preference.pipeline import report
from song_preference.pipeline.airflow import RunSummary, TaskReport
from song_preference.serving.songs import ExplainedSong, Found, Origin, Sort, Wishes

_NAMES = ", ".join(FEATURES)


def _field(description: str) -> Any:
    return strawberry.field(description=description)


def _same(model: type[BaseModel], name: str) -> Any:
    """Return a field that is described as in one of REST's models."""
    return _field(str(model.model_fields[name].description))


def _feature(name: str) -> Any:
    return _field(f"{Song.model_fields[name].description} In [0, 1].")


@strawberry.input(description="A song by its Spotify audio features, each a number in [0, 1].")
class SongInput:
    """A song in a query."""

    speechiness: float = _feature("speechiness")
    energy: float = _feature("energy")
    danceability: float = _feature("danceability")
    acousticness: float = _feature("acousticness")


@pydantic.type(schemas.ModelOut, all_fields=True, description="A version of the registered model.")
class Model:
    """A version of the registered model."""


def _model(ref: domain.ModelRef) -> Model:
    return Model(name=ref.name, version=ref.version, alias=ref.alias, dataset_version=ref.dataset_version)


@pydantic.type(schemas.ServedOut, all_fields=True, description="The model in service.")
class ServedModel:
    """The model in service."""


@pydantic.type(schemas.PredictionOut, all_fields=True, description="Whether the listener will like one song.")
class Prediction:
    """Whether the listener will like one song."""


# No methods, since the decorator keeps none; and no `from_pydantic`, whose model would be made for this alone.
def prediction_of(prediction: domain.Prediction) -> Prediction:
    """Convert a prediction."""
    return Prediction(**{**prediction._asdict(), "model": _model(prediction.model)})


@pydantic.type(schemas.Answer, all_fields=True, description="Whether the listener will like one song of several.")
class Answer:
    """Whether the listener will like one song of several."""


@pydantic.type(schemas.Origin, all_fields=True, description="The answers for several songs, all of one model.")
class PredictionBatch:
    """The answers for several songs, all of one model."""

    answers: list[Answer] = _same(schemas.BatchOut, "predictions")


def batch_of(batch: domain.Batch) -> PredictionBatch:
    """Convert a batch."""
    answers = [Answer(label=label, liked=liked, probability=p) for label, liked, p in batch.answers()]
    return PredictionBatch(answers=answers, threshold=batch.threshold, model=_model(batch.model), stale=batch.stale)


@strawberry.type(description="The points that one feature adds to the base.")
class Contribution:
    """The points that one feature adds to the base."""

    feature: str = _field(f"One of {_NAMES}.")
    value: float = _field("Its Shapley value, in [-1, 1]: above 0 it speaks for a like, below 0 against.")


@strawberry.type(description="A prediction and what each feature adds to it.")
class Explanation:
    """A prediction and what each feature adds to it."""

    prediction: Prediction = _field("The prediction that is explained.")
    base: float = _same(schemas.ExplanationOut, "base")
    contributions: list[Contribution] = _field("One for each feature; with the base they add up to the probability.")

    @classmethod
    def of(cls, explanation: domain.Explanation) -> "Explanation":
        """Convert an explanation."""
        contributions = [Contribution(feature=name, value=value) for name, value in explanation.contributions.items()]
        return cls(prediction=prediction_of(explanation.prediction), base=explanation.base, contributions=contributions)


strawberry.enum(Sort, description="The order of recommendations.")


@pydantic.input(Wishes, all_fields=True, description="The wishes for recommendations.")
class WishesInput:
    """The wishes for recommendations."""


@pydantic.type(
    catalogue_songs.SongOut, all_fields=True, description="A song of the catalogue; what its file did not tell is null."
)
class CatalogueSong:
    """A song of the catalogue."""


@pydantic.type(
    catalogue_songs.ScoredSongOut,
    all_fields=True,
    description="A song with the stored answer of the model that the index belongs to.",
)
class ScoredSong:
    """A song with the stored answer of a model."""


@pydantic.type(Origin, all_fields=True, description="Songs of the catalogue.")
class Songs:
    """Songs of the catalogue."""

    songs: list[ScoredSong] = _same(catalogue_songs.SongsOut, "songs")


def songs_of(found: Found) -> Songs:
    """Convert the songs of an answer."""
    return Songs(songs=[ScoredSong(**song.model_dump()) for song in found.songs], **vars(found.origin))


@pydantic.type(Origin, all_fields=True, description="A song, and what the model in service predicts for it and why.")
class SongPage:
    """A song, and what the model in service predicts for it and why."""

    song: CatalogueSong = _same(catalogue_songs.SongPageOut, "song")
    explanation: Explanation = _same(catalogue_songs.SongPageOut, "explanation")


def song_page_of(found: ExplainedSong) -> SongPage:
    """Convert a song and its explanation."""
    song = CatalogueSong(**catalogue_songs.song_out(found.song))
    return SongPage(song=song, explanation=Explanation.of(found.explanation), **vars(found.origin))


@pydantic.type(
    domain.RegisteredVersion,
    all_fields=True,
    description="A version in the registry; what its training did not note is null.",
)
class RegisteredVersion:
    """A version in the registry."""


@strawberry.type(description="A feature's mean and spread over the songs of a dataset.")
class FeatureStatistics:
    """A feature's mean and spread over the songs of a dataset."""

    feature: str = _field(f"One of {_NAMES}.")
    mean: float = _field("In [0, 1].")
    std: float = _field("Sample standard deviation (n - 1).")


@strawberry.type(description="What was normalised in a header or a cell.")
class Normalisation:
    """Normalisation of a header or a cell, as a `Message`."""

    code: str | None = _field("Names the normalisation; the same in every language.")
    params: JSON = _field("The values in the sentence.")
    english: str = _field("The sentence.")


@strawberry.type(description="A published dataset version.")
class Dataset:
    """A published dataset version: `dataset.json` without its nesting, which would make queries too deep."""

    version: str = _field("A digest of content and parameters.")
    name: str = _field("What its listener calls it; at first that of its file or source.")
    created_at: datetime = _field("When it was published, in UTC.")
    source_kind: str = _field("'drive', 'https', 's3', 'file', or 'sample', which reflects nobody's taste.")
    source_uri: str = _field("Where the file came from; for a file on the server's disk, only its name.")
    sha256: str = _field("Checksum of the file.")
    test_size: float = _field("Share of the songs in the test table.")
    seed: int = _field("Decides which songs these are.")
    rows_raw: int = _field("Rows of the file.")
    rows_left_out: int = _field("Rows that could not be used.")
    songs: int = _field("Songs kept, without repetitions.")
    likes: int = _field("Songs that the listener likes.")
    dislikes: int = _field("Songs that the listener dislikes.")
    train_songs: int = _field("Songs that models are trained on.")
    test_songs: int = _field("Songs that models are evaluated on.")
    readings: list[str] = _field("Normalisations of headers and cells, in English.")
    normalisations: list[Normalisation] = _field("The same as data; empty for a dataset published without codes.")
    features: list[FeatureStatistics] = _field("One for each feature.")

    @classmethod
    def of(cls, found: DatasetVersion) -> "Dataset":
        """Convert a dataset version."""
        songs = found.preparation
        return cls(
            **found.model_dump(include={"version", "name", "created_at"}),
            source_kind=found.source.kind,
            source_uri=found.source.uri,
            sha256=found.source.sha256,
            **vars(found.parameters),
            **songs.model_dump(include={"rows_raw", "rows_left_out", "likes", "dislikes", "readings"}),
            songs=songs.rows_kept,
            train_songs=found.split.train,
            test_songs=found.split.test,
            normalisations=[Normalisation(**vars(note)) for note in songs.normalisations],
            features=[FeatureStatistics(feature=name, **vars(spread)) for name, spread in songs.features.items()],
        )


@pydantic.type(TaskReport, all_fields=True, description="One task of a run.")
class PipelineTask:
    """One task of a run."""


@pydantic.type(RunSummary, all_fields=True, description="A run and its state.")
class PipelineRun:
    """A run and its state."""


@pydantic.type(report.TrainingReport, all_fields=True, description="The training that followed a run.")
class TrainingRun:
    """The training that followed a run."""

    params: JSON


@pydantic.type(report.RunReport, all_fields=True, description="A run of the pipeline and its results.")
class PipelineRunReport:
    """A run of the pipeline and its results."""

    params: JSON
