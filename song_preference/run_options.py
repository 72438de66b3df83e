"""The options and tasks of each DAG: Airflow's forms, REST and the dashboard derive from them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from song_preference.dataset.version import NAME_LENGTH
from song_preference.errors import InvalidRun
from song_preference.messages import FOLDER, Language, Message, Text, read_texts

ETL_DAG, TRAINING_DAG = "process_etl_spotify_data", "train_song_preference"
IMPORT_DAG, SCORING_DAG = "import_catalogue", "score_catalogue"

CHAMPION_ASSET = "spotify_champion"
"""Name of Airflow's asset whose events say that another version answers."""

STEP_LOGGER = "dag_parts.step"
"""The logger of the lines that say why a task failed or was skipped, in words meant for anybody."""

STEPS = (
    "song_preference.dataset.etl",
    "song_preference.training.steps",
    "song_preference.catalogue.importing",
    "song_preference.catalogue.scoring",
    "song_preference.catalogue.indexing",
)
"""The modules of what tasks call: the last line that each function logs at level INFO says its result."""


@dataclass(frozen=True, eq=False)
class Option:
    """An option of a run; without a default it may be left empty."""

    name: str
    type: type[bool | int | float | str]
    default: bool | float | str | None
    title: Text
    description: Text
    bounds: tuple[float, float] | None = None
    """Lowest and highest value."""
    longest: int | None = None
    """Greatest length of a text."""

    def help(self, language: Language) -> str:
        """Return the description with the bounds."""
        if self.bounds is None:
            return self.description[language]
        low, high = self.bounds
        return f"{self.description[language]} {Message('bounds', {'minimum': low, 'maximum': high}).text(language)}"

    def fault(self, value: object) -> Message | None:
        """Return what is wrong with a value, if anything."""
        if value is None and self.default is None:
            return None
        # True is an int for Python, and a whole number is a float for people.
        if type(value) is not self.type and not (self.type is float and type(value) is int):
            wanted = Message(f"type_{self.type.__name__}").as_json()
            return Message("option_of_wrong_type", {"name": self.name, "wanted": wanted})
        if self.longest and len(str(value)) > self.longest:
            return Message("option_too_long", {"name": self.name, "length": len(str(value)), "longest": self.longest})
        if self.bounds and not self.bounds[0] <= value <= self.bounds[1]:  # type: ignore[operator]
            low, high = self.bounds
            return Message("option_out_of_bounds", {"name": self.name, "value": value, "minimum": low, "maximum": high})
        return None


def checked(options: Iterable[Option], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of every option, as asked or else its default; raise `InvalidRun`."""
    known = {option.name: option for option in options}
    code = "unknown_option" if known else "no_options"
    faults = [Message(code, {"name": name, "known": [*known]}) for name in asked if name not in known]
    values = {name: asked.get(name, option.default) for name, option in known.items()}
    faults += [fault for name, option in known.items() if (fault := option.fault(values[name]))]
    if faults:
        raise InvalidRun(Message("invalid_run", {"faults": [fault.as_json() for fault in faults]}))
    return values


_TEXTS = read_texts(FOLDER / "runs.toml")

NEW_LISTENER = Option("new_listener", bool, None, _TEXTS["new_listener"], _TEXTS["new_listener_help"])

MODEL_OPTIONS = (
    Option("seed", int, 42, _TEXTS["seed"], _TEXTS["seed_help"], bounds=(0, 2**32 - 1)),
    Option("trials", int, None, _TEXTS["trials"], _TEXTS["trials_help"], bounds=(1, 500)),
    Option("force", bool, False, _TEXTS["force"], _TEXTS["force_help"]),
    NEW_LISTENER,
)
"""Options of a training that the ETL passes on with the dataset."""

NAME = Option("name", str, None, _TEXTS["name"], _TEXTS["name_help"], longest=NAME_LENGTH)

ETL_OPTIONS = (
    Option("source", str, None, _TEXTS["source"], _TEXTS["source_help"]),
    NAME,
    Option("test_size", float, 0.3, _TEXTS["test_size"], _TEXTS["test_size_help"], bounds=(0.1, 0.5)),
    *MODEL_OPTIONS,
)

TRAINING_OPTIONS = (
    Option("dataset_version", str, None, _TEXTS["dataset_version"], _TEXTS["dataset_version_help"]),
    *MODEL_OPTIONS,
)

CATALOGUE_OPTIONS = (Option("source", str, "", _TEXTS["catalogue"], _TEXTS["catalogue_help"]),)

TASKS = {
    dag_id: {task: _TEXTS[f"{dag_id}_{task}"] for task in tasks}
    for dag_id, tasks in {
        ETL_DAG: ("download", "engineer_features", "split", "register"),
        TRAINING_DAG: ("search", "export", "evaluate", "register", "promote"),
        IMPORT_DAG: ("read", "publish"),
        SCORING_DAG: ("plan", "score", "finish", "index"),
    }.items()
}
"""The names of each DAG's tasks, in the order in which they run."""
