"""All errors that the platform raises on purpose.

Messages are written for the person who reads them: what happened and what to do. Each protocol has
one table from these classes to its own status codes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

from song_preference.messages import Message


class SongPreferenceError(Exception):
    """Base of all errors whose message may be shown to a user: in English as text, in Spanish if it has a code."""

    def __init__(self, message: str | Message) -> None:
        self.message = message if isinstance(message, Message) else Message(None, english=message)
        super().__init__(str(message))

    def __reduce__(self) -> "tuple[Any, ...]":
        """Return how another process restores the error, whatever its class is made from."""
        return Exception.__new__, (type(self), *self.args), vars(self)


class FieldProblem(NamedTuple):
    """One field of the input and the rule that it breaks."""

    field: str
    problem: str


class InvalidInput(SongPreferenceError):
    """Fields of the input break rules."""

    whole = "input"
    """Name of the input as a whole."""

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{field or self.whole}: {problem}" for field, problem in self.problems))


class InvalidSong(InvalidInput):
    """The input is not four numbers in [0, 1]."""

    whole = "song"


class InvalidQuery(InvalidInput):
    """The input is no search and no wish for recommendations."""

    whole = "query"


class BatchTooLarge(SongPreferenceError):
    """A request holds more songs than the limit."""

    def __init__(self, count: int, limit: int) -> None:
        super().__init__(f"There are {count} songs in the request and at most {limit} are allowed: send several.")


class UploadTooLarge(SongPreferenceError):
    """An upload holds more bytes than the limit."""


class InvalidUpload(SongPreferenceError):
    """An upload is not a CSV of songs."""


class ServiceBusy(SongPreferenceError):
    """Too many long requests are waiting."""


class AccessDenied(SongPreferenceError):
    """A request that changes something came without the API key, or with a wrong one."""


class ModelNotReady(SongPreferenceError):
    """No checked champion is loaded."""


class UnknownVersion(SongPreferenceError):
    """The version that a caller names is neither the loaded champion nor the loaded challenger."""


class RegistryUnavailable(SongPreferenceError):
    """The model registry cannot be reached just now."""

    @classmethod
    def at(cls, url: str) -> Self:
        """Return the error of an MLflow that does not answer."""
        return cls(Message("mlflow_unavailable", {"url": url}))


class ModelRejected(SongPreferenceError):
    """A model breaks the champion contract."""


class SourceUnavailable(SongPreferenceError):
    """The dataset's source cannot be reached."""


class SourceRejected(SongPreferenceError):
    """The dataset's source may not be named, at all or by this caller, or does not exist: a permanent error."""


@dataclass(frozen=True)
class Finding:
    """A rule that a playlist breaks; `column` is None for the file as a whole."""

    column: str | None
    rule: Message
    """The rule, within `of_file` if it is about one of several files."""
    count: int
    rows: tuple[int, ...] = ()
    """Numbers of the first rows at fault; the header is row 1, as in a spreadsheet."""

    def message(self) -> Message:
        """Return the finding as one message: name of a file in a zip, column or file, rule and rows."""
        rule = self.rule.as_json()
        if self.rule.code == "of_file":
            unnamed = replace(self, rule=Message(**self.rule.params["message"]))
            return Message("of_file", {**self.rule.params, "message": unnamed.message().as_json()})
        about = Message("column_rule", {"column": self.column, "rule": rule}) if self.column else None
        finding = about or Message("file_rule", {"rule": rule})
        if not self.rows:
            return finding
        rows = [*self.rows, *(["..."] if self.count > len(self.rows) else [])]
        values = {"finding": finding.as_json(), "count": self.count, "rows": rows}
        return Message("finding_in_rows" if self.count > 1 else "finding_in_row", values)

    def __str__(self) -> str:
        return str(self.message())


class InvalidDataset(SongPreferenceError):
    """The file is not a playlist that a model can be trained on; carries every finding."""

    def __init__(self, *findings: Finding) -> None:
        self.findings = findings
        super().__init__(
            Message("invalid_dataset", {"findings": [finding.message().as_json() for finding in findings]})
        )


class DatasetNotFound(SongPreferenceError):
    """The dataset version was never published."""


class DatasetInUse(SongPreferenceError):
    """The dataset version cannot be removed: it is the latest, or a registered model was trained on it."""


class CatalogueNotFound(SongPreferenceError):
    """The catalogue was never published, a part of it was removed, or it has no such song or nothing to recommend."""


class CatalogueIncomplete(SongPreferenceError):
    """The model was not asked about every song of the catalogue: its scores are not published."""


class StorageUnavailable(SongPreferenceError):
    """S3 cannot be reached just now, or rejects our keys."""


class DiskFull(SongPreferenceError):
    """A volume has no room left, here or in S3: a permanent error until somebody frees some."""


class TrainingFailed(SongPreferenceError):
    """Too few songs of a class, or no candidate of the search can be exported as a model."""


class VersionNotFound(SongPreferenceError):
    """The registered model has no such version, or none to roll back to."""


class PipelineError(SongPreferenceError):
    """Airflow rejected a request, or a run failed or did not end in time."""


class PipelineUnavailable(PipelineError):
    """Airflow cannot be reached just now, or has not read our DAGs yet."""


class AnswerLost(PipelineUnavailable):
    """Airflow was asked and did not answer: what it was asked for may have begun."""


class RunNotFound(PipelineError):
    """Airflow knows no such run."""


class InvalidRun(SongPreferenceError):
    """A run was started with an unknown option, or with a value out of bounds."""


class NothingToDo(SongPreferenceError):
    """A training would repeat an earlier one."""


class NotManaged(SongPreferenceError):
    """A request is about datasets or the pipeline, but this service only predicts."""


class ServiceUnavailable(SongPreferenceError):
    """A prediction service cannot be reached, or cannot answer yet."""


TRANSIENT = (SourceUnavailable, StorageUnavailable, RegistryUnavailable)
"""Transient errors: a task that fails with one is tried again."""
