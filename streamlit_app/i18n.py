"""Locales: texts, numbers and times in the listener's language; the texts that pages share."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from song_preference import messages

Language = messages.Language
LANGUAGES: dict[Language, str] = {"es": "Español", "en": "English"}

Texts = dict[str, dict[Language, str]]
"""Texts by key, then by language, with placeholders such as `{songs:,}`."""

MONTHS = {
    "es": ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov", "dic"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec"),
}


@dataclass(frozen=True)
class Locale(messages.LanguageFormatter):
    """The translations of one page in one language, and how the language writes numbers and times."""

    texts: Texts = field(compare=False, repr=False)

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of `key` with its placeholders filled in."""
        return self.vformat(self.texts[key][self.language], (), values)

    def format_field(self, value: Any, format_spec: str) -> str:
        """Return one value as text."""
        return self.moment(value) if isinstance(value, datetime) else super().format_field(value, format_spec)

    def number(self, value: float, decimals: int = 0) -> str:
        """Return a number with the language's separators."""
        return self.format_field(value, f",.{decimals}f")

    def percent(self, share: float, decimals: int = 0) -> str:
        """Return a share of 1 in percent."""
        return self.format_field(share, f".{decimals}%")

    def moment(self, moment: datetime) -> str:
        """Return day and minute in the browser's time zone, in UTC if that is unknown."""
        try:
            moment = moment.astimezone(ZoneInfo(st.context.timezone or "UTC"))
        except (ZoneInfoNotFoundError, ValueError):
            moment = moment.astimezone(UTC)
        return f"{moment.day} {MONTHS[self.language][moment.month - 1]} {moment.year}, {moment:%H:%M}"


COMMON: Texts = {
    "page_predict": {"es": "Predecir", "en": "Predict"},
    "page_explore": {"es": "Explorar", "en": "Explore"},
    "page_model": {"es": "El modelo", "en": "The model"},
    "page_songs": {"es": "Muchas canciones", "en": "Many songs"},
    "page_pipeline": {"es": "El sistema", "en": "Pipeline"},
    "speechiness": {"es": "Voz hablada", "en": "Spoken words"},
    "energy": {"es": "Energía", "en": "Energy"},
    "danceability": {"es": "Bailabilidad", "en": "Danceability"},
    "acousticness": {"es": "Sonido acústico", "en": "Acoustic sound"},
    "like": {"es": "Te gusta", "en": "Like"},
    "dislike": {"es": "No te gusta", "en": "Dislike"},
    "label": {"es": "Opinión", "en": "Opinion"},
    "probability": {"es": "Probabilidad", "en": "Probability"},
    "version": {"es": "Versión", "en": "Version"},
    "songs": {"es": "Canciones", "en": "Songs"},
    "percent_format": {"es": "%.0f\N{NO-BREAK SPACE}%%", "en": "%.0f%%"},
    "sample_banner": {
        "es": "**Son datos de muestra.** Estas canciones son inventadas: el modelo no conoce el gusto de nadie. Sube "
        "tu lista en la página *El sistema*.",
        "en": "**This is sample data.** These songs are made up: the model knows nobody's taste. Upload your playlist "
        "on the page *Pipeline*.",
    },
    "stale_banner": {
        "es": "**Quizá haya un modelo más nuevo.** MLflow no dice cuál es el campeón: sigue en uso la versión "
        "{version}, la última que se cargó.",
        "en": "**There may be a newer model.** MLflow does not say which one is the champion: version {version}, the "
        "last one loaded, stays in use.",
    },
    "rejected_banner": {
        "es": "**El nuevo campeón no pasó la comprobación**: sigue en uso la versión {version}.",
        "en": "**The new champion failed validation**: version {version} stays in use.",
    },
    "no_champion_banner": {
        "es": "**Todavía no hay modelo.** El sistema aún no ha aprendido de ninguna lista. Hacerlo lleva alrededor de "
        "un minuto.",
        "en": "**There is no model yet.** The platform has not learned from a playlist so far. Learning takes about a "
        "minute.",
    },
    "no_registry_banner": {
        "es": "**No se puede cargar el modelo.** MLflow, que lo guarda, no responde. El modelo aparecerá aquí cuando "
        "MLflow vuelva.",
        "en": "**The model cannot be loaded.** MLflow, which stores it, does not answer. The model appears here once "
        "MLflow is back.",
    },
    "start_pipeline": {"es": "Aprender de la lista", "en": "Learn from the playlist"},
    "pipeline_at_work": {
        "es": "El modelo ya está aprendiendo. La página *El sistema* muestra cada paso.",
        "en": "The model is already learning. The page *Pipeline* shows each step.",
    },
    "missing_data": {
        "es": "**Faltan los datos de la lista.** El servicio REST, que los entrega, no responde ahora mismo.",
        "en": "**The playlist's data are missing.** The REST service, which provides them, does not answer.",
    },
    "missing_storage": {
        "es": "**Faltan los datos de la lista.** El almacén S3, donde se guardan, no responde ahora mismo.",
        "en": "**The playlist's data are missing.** The S3 store, where they are kept, does not answer.",
    },
    "missing_dataset": {
        "es": "**Todavía no hay datos.** No se ha preparado ninguna lista: empieza en la página *El sistema*.",
        "en": "**There are no data yet.** No playlist has been prepared: start on the page *Pipeline*.",
    },
    "missing_management": {
        "es": "**Faltan los datos de la lista.** El servicio REST está configurado para predecir y nada más "
        "(MANAGE_DATASETS=false).",
        "en": "**The playlist's data are missing.** The REST service is set up to predict only "
        "(MANAGE_DATASETS=false).",
    },
    "missing_registry": {
        "es": "**Faltan los modelos registrados.** MLflow, o el almacén S3 que usa, no responde ahora mismo.",
        "en": "**The registered models are missing.** MLflow, or the S3 store that it uses, does not answer.",
    },
    "missing_airflow": {
        "es": "**Ahora mismo no se puede aprender ni ver las ejecuciones.** Airflow, que se encarga de ello, no "
        "responde.",
        "en": "**The pipeline is not available.** Airflow, which runs it, does not answer.",
    },
    "missing_model": {
        "es": "**Falta el modelo.** Aparecerá en cuanto haya un campeón.",
        "en": "**The model is missing.** It appears once there is a champion.",
    },
    "speechiness_help": {
        "es": "Cuánta voz hablada tiene. Por encima de 0,66 es casi todo voz hablada; por debajo de 0,33, música.",
        "en": "How much of it is spoken. Above 0.66 it is mostly speech, below 0.33 it is music.",
    },
    "energy_help": {
        "es": "Intensidad y actividad. Las canciones rápidas, fuertes y ruidosas se acercan a 1.",
        "en": "Intensity and activity. Fast, loud and noisy songs come near 1.",
    },
    "danceability_help": {
        "es": "Cuánto invita a bailar, por su tempo, su ritmo estable y su pulso marcado.",
        "en": "How much it makes you want to dance: its tempo, a steady rhythm, a strong beat.",
    },
    "acousticness_help": {
        "es": "Cuánto suena a instrumentos sin amplificar. Cerca de 1, es casi seguro que es acústica.",
        "en": "How much it sounds like unamplified instruments. Near 1 it is almost surely acoustic.",
    },
    "measures_where": {
        "es": "¿Dónde encuentro estas medidas de una canción?",
        "en": "Where do I find these measures of a song?",
    },
    "measures_where_text": {
        "es": "Desde el 27 de noviembre de 2024, Spotify ya no da estas medidas a las aplicaciones nuevas. Hoy "
        "quedan:\n\n"
        "- **Buscadores en la web**, como [Tunebat](https://tunebat.com) o [Musicstax](https://musicstax.com): "
        "escribe el título y verás las cuatro medidas, a menudo de 0 a 100 (divide entre 100).\n"
        "- **API para programas**, como [ReccoBeats](https://reccobeats.com), que usa los mismos nombres que "
        "Spotify.\n"
        "- **Colecciones publicadas** antes del cierre, como *Spotify Tracks Dataset* en "
        "[Kaggle](https://www.kaggle.com/datasets/maharshipandya/-spotify-tracks-dataset), con 114.000 canciones.\n\n"
        "Otros programas que calculan estas medidas pueden dar valores algo distintos.",
        "en": "Since 27 November 2024, Spotify no longer gives these measures to new applications. What is left:\n\n"
        "- **Search pages** such as [Tunebat](https://tunebat.com) or [Musicstax](https://musicstax.com): type the "
        "title and they show the four measures, often from 0 to 100 (divide by 100).\n"
        "- **APIs for programs** such as [ReccoBeats](https://reccobeats.com), which uses Spotify's names.\n"
        "- **Collections published** before, such as the *Spotify Tracks Dataset* on "
        "[Kaggle](https://www.kaggle.com/datasets/maharshipandya/-spotify-tracks-dataset), with 114,000 songs.\n\n"
        "Other programs that compute these measures may give values slightly different from Spotify's.",
    },
}
