"""The options and tasks of each DAG: Airflow's forms, REST and the dashboard derive from them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from song_preference.dataset.version import NAME_LENGTH
from song_preference.errors import InvalidRun
from song_preference.messages import Language, Message, Text

ETL_DAG, TRAINING_DAG = "process_etl_spotify_data", "train_song_preference"
IMPORT_DAG, SCORING_DAG = "import_catalogue", "score_catalogue"

CHAMPION_ASSET = "spotify_champion"
"""Name of Airflow's asset whose events say that another version answers."""

STEP_LOGGER = "dag_parts.step"
"""The logger of the lines that say why a task failed or was skipped, in words meant for anybody."""


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
    faults = [Message("unknown_option", {"name": name, "known": [*known]}) for name in asked if name not in known]
    values = {name: asked.get(name, option.default) for name, option in known.items()}
    faults += [fault for name, option in known.items() if (fault := option.fault(values[name]))]
    if faults:
        raise InvalidRun(Message("invalid_run", {"faults": [fault.as_json() for fault in faults]}))
    return values


NEW_LISTENER = Option(
    "new_listener",
    bool,
    None,
    title={"en": "Another listener", "es": "Otra persona"},
    description={
        "en": "Yes: another listener's songs, so that their model may replace that of the list in use. No: the same "
        "listener's. If empty, another listener's if it shares less than half of its songs with the list in use, and "
        "then the model in use stays.",
        "es": "Sí: son canciones de otra persona, y su modelo puede sustituir al de la lista en uso. No: son de la "
        "misma. Si lo dejas vacío, de otra si comparte menos de la mitad de sus canciones con la lista en uso, y "
        "entonces sigue el modelo en uso.",
    },
)

MODEL_OPTIONS = (
    Option(
        "seed",
        int,
        42,
        title={"en": "Seed", "es": "Semilla del azar"},
        description={
            "en": "Decides every random choice. The same seed gives the same model; another one a second opinion.",
            "es": "Decide todo lo que se elige al azar. Con la misma sale el mismo modelo; con otra, una segunda "
            "opinión.",
        },
        bounds=(0, 2**32 - 1),
    ),
    Option(
        "trials",
        int,
        None,
        title={"en": "Models to try", "es": "Modelos que probar"},
        description={
            "en": "How many models to try: more take longer and may find a better one. If empty, as many as the "
            "operator configured.",
            "es": "Cuántos modelos probar: con más tarda más, y quizá encuentre uno mejor. Si lo dejas vacío, los que "
            "estén configurados.",
        },
        bounds=(1, 500),
    ),
    Option(
        "force",
        bool,
        False,
        title={"en": "Train again (force)", "es": "Entrenar otra vez de todos modos"},
        description={
            "en": "Train even if these songs and settings gave a model before; otherwise that one is compared again.",
            "es": "Aunque estas canciones y opciones ya hayan dado un modelo; si no, se compara otra vez ese.",
        },
    ),
    NEW_LISTENER,
)
"""Options of a training that the ETL passes on with the dataset."""

NAME = Option(
    "name",
    str,
    None,
    title={"en": "Name of the playlist", "es": "Nombre de la lista"},
    description={
        "en": f"The name shown everywhere, {NAME_LENGTH} characters at most. If empty, that of its file.",
        "es": f"El nombre que se ve en todas partes, de {NAME_LENGTH} caracteres como máximo. Si lo dejas vacío, el "
        "del archivo.",
    },
    longest=NAME_LENGTH,
)

ETL_OPTIONS = (
    Option(
        "source",
        str,
        None,
        title={"en": "Playlist", "es": "Lista de canciones"},
        description={
            "en": "A link to the file on Google Drive, a public https address, s3://data/incoming/<file> or "
            "incoming/<file>. If empty, the playlist that the operator configured.",
            "es": "Un enlace al archivo en Google Drive, una dirección https pública, s3://data/incoming/<archivo> o "
            "incoming/<archivo>. Si lo dejas vacío, la lista que esté configurada.",
        },
    ),
    NAME,
    Option(
        "test_size",
        float,
        0.3,
        title={"en": "Songs kept for the test", "es": "Canciones para la prueba"},
        description={
            "en": "Share of the songs on which a model is tested that does not know them; then it is trained on all. "
            "0.3 means 30%.",
            "es": "Parte de las canciones con las que se prueba un modelo que no las conoce; después se entrena con "
            "todas.",
        },
        bounds=(0.1, 0.5),
    ),
    *MODEL_OPTIONS,
)

TRAINING_OPTIONS = (
    Option(
        "dataset_version",
        str,
        None,
        title={"en": "Dataset version", "es": "Versión de los datos"},
        description={
            "en": "As in the address of its files in S3. If empty, the latest one.",
            "es": "Como en la dirección de sus archivos en S3. Si lo dejas vacío, la última.",
        },
    ),
    *MODEL_OPTIONS,
)

CATALOGUE_OPTIONS = (
    Option(
        "source",
        str,
        "",
        title={"en": "Catalogue", "es": "Catálogo"},
        description={
            "en": "A table of songs with title, artist and the four features, or a zip of several: a link to it on "
            "Google Drive, a public https address, s3://data/incoming/<file> or incoming/<file>.",
            "es": "Una tabla de canciones con título, artista y las cuatro medidas, o un zip con varias: un enlace a "
            "ella en Google Drive, una dirección https pública, s3://data/incoming/<archivo> o incoming/<archivo>.",
        },
    ),
)

TASKS: dict[str, dict[str, Text]] = {
    ETL_DAG: {
        "download": {"en": "Download the playlist", "es": "Descargar la lista"},
        "engineer_features": {"en": "Prepare the songs", "es": "Preparar las canciones"},
        "split": {"en": "Split into train and test", "es": "Separar unas canciones para la prueba"},
        "register": {"en": "Publish the dataset", "es": "Publicar los datos"},
    },
    TRAINING_DAG: {
        "search": {"en": "Find the best model", "es": "Buscar el mejor modelo"},
        "export": {"en": "Export the model", "es": "Exportar el modelo"},
        "evaluate": {"en": "Test it on new songs", "es": "Probarlo con canciones nuevas"},
        "register": {"en": "Register it", "es": "Registrarlo"},
        "promote": {"en": "Decide whether it becomes champion", "es": "Decidir si pasa a ser el campeón"},
    },
    IMPORT_DAG: {
        "read": {"en": "Read the songs", "es": "Leer las canciones"},
        "publish": {"en": "Publish the catalogue", "es": "Publicar el catálogo"},
    },
    SCORING_DAG: {
        "plan": {"en": "Share out the songs", "es": "Repartir las canciones"},
        "score": {"en": "Predict every song", "es": "Predecir cada canción"},
        "finish": {"en": "Publish the scores", "es": "Publicar los resultados"},
        "index": {"en": "Write the index", "es": "Escribir el índice"},
    },
}
"""The names of each DAG's tasks, in the order in which they run."""
