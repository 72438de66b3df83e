"""Every error this platform means to raise.

    SongPreferenceError
    ├── InvalidSong          a feature is missing, not a number, or outside [0, 1]
    ├── BatchTooLarge        more songs than one request may hold
    ├── UploadTooLarge       more bytes than one upload may hold
    ├── InvalidUpload        the upload is not a CSV of songs
    ├── ServiceBusy          too many requests that take long wait for their turn
    ├── AccessDenied         a request that changes something lacks the API key
    ├── ModelNotReady        no checked champion is loaded
    ├── RegistryUnavailable  MLflow or its artifacts cannot be reached
    ├── ModelRefused         a registered model does not keep the contract
    ├── SourceUnavailable    the dataset's source cannot be reached
    ├── SourceRefused        the dataset's source is none that may be named, or is not there
    ├── InvalidDataset       the file is not a playlist we can learn from
    ├── DatasetNotFound      no such dataset version
    ├── DatasetInUse         the dataset version cannot be removed
    ├── StorageUnavailable   S3 cannot be reached, or refuses us
    ├── DiskFull             a volume has no room left, of temporary files or of S3
    ├── TrainingFailed       too few songs of a class, or no candidate can be exported as a model
    ├── VersionNotFound      no such version of the registered model
    ├── NotManaged           this service was set up to predict only
    ├── PipelineError        Airflow refused, failed or did not end in time
    │   ├── PipelineUnavailable  Airflow cannot be reached, or knows no DAG of ours yet
    │   └── RunNotFound          Airflow knows no such run
    └── ServiceUnavailable   a prediction service cannot be reached, seen from a client

Messages are written for the person who reads them: what happened and what to do. Each protocol has
one table from these classes to its own status codes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class SongPreferenceError(Exception):
    """Base of all errors whose message may be shown to a user."""


class FieldProblem(NamedTuple):
    """One field of the input and the rule that it breaks."""

    field: str
    problem: str


class InvalidSong(SongPreferenceError):
    """The input is not four numbers in [0, 1]."""

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{field or 'song'}: {problem}" for field, problem in self.problems))


class BatchTooLarge(SongPreferenceError):
    """A request holds more songs than one may."""

    def __init__(self, count: int, limit: int) -> None:
        super().__init__(f"There are {count} songs in the request and at most {limit} are allowed: send several.")


class UploadTooLarge(SongPreferenceError):
    """An upload holds more bytes than one may."""


class InvalidUpload(SongPreferenceError):
    """An upload is not a CSV of songs."""


class ServiceBusy(SongPreferenceError):
    """Too many requests that take long wait for their turn."""


class AccessDenied(SongPreferenceError):
    """A request that changes something came without the API key, or with a wrong one."""


class ModelNotReady(SongPreferenceError):
    """There is no champion to answer with."""


class RegistryUnavailable(SongPreferenceError):
    """The model registry cannot be reached just now."""


class ModelRefused(SongPreferenceError):
    """A model does not keep the champion contract."""


class SourceUnavailable(SongPreferenceError):
    """The dataset's source cannot be reached."""


class SourceRefused(SongPreferenceError):
    """The dataset's source may not be named, at all or by this person, or is not there; to try again is of no use."""


@dataclass(frozen=True)
class Finding:
    """A rule that a playlist breaks; `column` is None for the file as a whole."""

    column: str | None
    rule: str
    count: int
    rows: tuple[int, ...] = ()
    """The first rows at fault, as a spreadsheet counts them: the header is row 1."""

    def __str__(self) -> str:
        subject = f"column '{self.column}'" if self.column else "the file"
        if not self.rows:
            return f"{subject} {self.rule}"
        named = ", ".join(map(str, self.rows)) + (", ..." if self.count > len(self.rows) else "")
        return f"{subject} {self.rule} ({self.count} row{'s' if self.count > 1 else ''}: {named})"


class InvalidDataset(SongPreferenceError):
    """The file is not a playlist that a model can learn from; carries every finding."""

    def __init__(self, *findings: Finding) -> None:
        self.findings = findings
        super().__init__("This playlist cannot be used: " + "; ".join(map(str, self.findings)) + ".")


class DatasetNotFound(SongPreferenceError):
    """The dataset version was never published."""


class DatasetInUse(SongPreferenceError):
    """The dataset version cannot be removed: it is the latest, or a registered model learned from it."""


class StorageUnavailable(SongPreferenceError):
    """S3 cannot be reached just now, or refuses our keys."""


class DiskFull(SongPreferenceError):
    """A volume has no room left, here or in S3: another try ends alike until somebody frees some."""


class TrainingFailed(SongPreferenceError):
    """Too few songs of a class, or no candidate of the search can be exported as a model."""


class VersionNotFound(SongPreferenceError):
    """The registered model has no such version, or none to go back to."""


class PipelineError(SongPreferenceError):
    """Airflow refused a request, or a run failed or did not end in time."""


class PipelineUnavailable(PipelineError):
    """Airflow cannot be reached just now, or has not read our DAGs yet."""


class RunNotFound(PipelineError):
    """Airflow knows no such run."""


class NotManaged(SongPreferenceError):
    """Datasets and the pipeline are asked about where the service predicts only."""


class ServiceUnavailable(SongPreferenceError):
    """A prediction service cannot be reached, or cannot answer yet."""
