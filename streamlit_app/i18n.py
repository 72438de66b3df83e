"""Translations and locales: texts, numbers and moments in the listener's language; the texts that pages share."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

Language = Literal["es", "en"]
LANGUAGES: dict[Language, str] = {"es": "Español", "en": "English"}

Texts = dict[str, dict[Language, str]]
"""Texts by key, then by language, with placeholders in braces."""

SEPARATORS = {"es": (".", ","), "en": (",", ".")}
"""Separators of thousands and of decimals."""

MONTHS = {
    "es": ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov", "dic"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec"),
}


@dataclass(frozen=True)
class Locale:
    """The texts of one page in one language, and how the language writes numbers and moments."""

    language: Language
    texts: Texts = field(compare=False, repr=False)

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of `key` with its placeholders filled in."""
        text = self.texts[key][self.language]
        return text.format(**values) if values else text

    def number(self, value: float, decimals: int = 0) -> str:
        """Return a number with the language's separators, such as 1.234,5 in Spanish."""
        thousands, point = SEPARATORS[self.language]
        return f"{value:,.{decimals}f}".translate({ord(","): thousands, ord("."): point})

    def percent(self, share: float, decimals: int = 0) -> str:
        """Return a share of 1 in percent; Spanish puts a space before the sign."""
        space = "\N{NO-BREAK SPACE}" if self.language == "es" else ""
        return f"{self.number(share * 100, decimals)}{space}%"

    def moment(self, moment: datetime) -> str:
        """Return day and minute in the browser's time zone, in UTC if that is unknown."""
        moment = _local(moment)
        month = MONTHS[self.language][moment.month - 1]
        return f"{moment.day} {month} {moment.year}, {moment:%H:%M}"


def _local(moment: datetime) -> datetime:
    try:
        return moment.astimezone(ZoneInfo(st.context.timezone) if st.context.timezone else UTC)
    except (ZoneInfoNotFoundError, ValueError):
        return moment.astimezone(UTC)


COMMON: Texts = {
    "page_predict": {"es": "Predecir", "en": "Predict"},
    "page_explore": {"es": "Explorar", "en": "Explore"},
    "page_model": {"es": "El modelo", "en": "The model"},
    "page_songs": {"es": "Muchas canciones", "en": "Many songs"},
    "page_pipeline": {"es": "El sistema", "en": "Pipeline"},
    "speechiness": {"es": "Palabra hablada", "en": "Spoken words"},
    "energy": {"es": "Energía", "en": "Energy"},
    "danceability": {"es": "Bailabilidad", "en": "Danceability"},
    "acousticness": {"es": "Sonido acústico", "en": "Acoustic sound"},
    "like": {"es": "Te gusta", "en": "Like"},
    "dislike": {"es": "No te gusta", "en": "Dislike"},
    "likes": {"es": "Canciones que te gustan", "en": "Songs you like"},
    "dislikes": {"es": "Canciones que no te gustan", "en": "Songs you dislike"},
    "label": {"es": "Opinión", "en": "Label"},
    "probability": {"es": "Probabilidad", "en": "Probability"},
    "version": {"es": "Versión", "en": "Version"},
    "songs": {"es": "canciones", "en": "songs"},
    "sample_banner": {
        "es": "**Son datos de muestra.** Estas canciones son inventadas: el modelo no conoce el gusto de nadie. "
        "Sube tu lista en la página *El sistema*.",
        "en": "**This is sample data.** These songs are made up: the model knows nobody's taste. "
        "Upload your playlist on the page *Pipeline*.",
    },
    "stale_banner": {
        "es": "**El modelo puede no ser el último.** MLflow no lo confirma: sigue en uso la versión {version}, "
        "la última que se cargó.",
        "en": "**The model may not be the latest.** MLflow does not confirm it: version {version}, the last "
        "one loaded, stays in use.",
    },
    "refused_banner": {
        "es": "**El campeón nuevo no superó la comprobación**: sigue en uso la versión {version}.",
        "en": "**The new champion failed validation**: version {version} stays in use.",
    },
    "no_champion_banner": {
        "es": "**Todavía no hay modelo.** El sistema aún no ha aprendido de ninguna lista. "
        "Tarda alrededor de un minuto.",
        "en": "**There is no model yet.** The platform has not learned from a playlist so far. "
        "It takes about a minute.",
    },
    "no_registry_banner": {
        "es": "**No se puede cargar el modelo.** MLflow, que lo guarda, no responde. Aparecerá aquí en cuanto vuelva.",
        "en": "**The model cannot be loaded.** MLflow, which stores it, does not answer. It appears once MLflow is "
        "back.",
    },
    "start_pipeline": {"es": "Aprender de la lista", "en": "Learn from the playlist"},
    "pipeline_at_work": {
        "es": "El modelo ya está aprendiendo. La página *El sistema* muestra cada paso.",
        "en": "The model is learning already. The page *Pipeline* shows each step.",
    },
    "missing_data": {
        "es": "**Faltan los datos de la lista.** El servicio REST, que los entrega, no responde ahora mismo.",
        "en": "**The playlist's data are missing.** The REST service, which provides them, does not answer.",
    },
    "missing_storage": {
        "es": "**Faltan los datos de la lista.** El almacén S3, donde están, no responde ahora mismo.",
        "en": "**The playlist's data are missing.** The S3 store, where they are kept, does not answer.",
    },
    "missing_dataset": {
        "es": "**Todavía no hay datos.** No se ha preparado ninguna lista: empieza a aprender en la página "
        "*El sistema*.",
        "en": "**There are no data yet.** No playlist has been prepared: start the pipeline on the page *Pipeline*.",
    },
    "missing_management": {
        "es": "**Faltan los datos de la lista.** El servicio REST solo predice (MANAGE_DATASETS=false).",
        "en": "**The playlist's data are missing.** The REST service only predicts (MANAGE_DATASETS=false).",
    },
    "missing_registry": {
        "es": "**Faltan los modelos registrados.** MLflow, o el almacén S3 que usa, no responde ahora mismo.",
        "en": "**The registered models are missing.** MLflow, or the S3 store that it uses, does not answer.",
    },
    "missing_airflow": {
        "es": "**No se puede usar el sistema de aprendizaje.** Airflow, que lo ejecuta, no responde ahora mismo.",
        "en": "**The pipeline is not available.** Airflow, which runs it, does not answer.",
    },
    "missing_model": {
        "es": "**Falta el modelo.** Aparecerá en cuanto haya un campeón.",
        "en": "**The model is missing.** It appears once there is a champion.",
    },
    "speechiness_help": {
        "es": "Cuánta voz hablada tiene. Más de 0,66 es casi todo habla; menos de 0,33 es música.",
        "en": "How much of it is spoken. Above 0.66 it is mostly talk, below 0.33 it is music.",
    },
    "energy_help": {
        "es": "Intensidad y actividad. Lo rápido, fuerte y ruidoso se acerca a 1.",
        "en": "Intensity and activity. Fast, loud and noisy songs come near 1.",
    },
    "danceability_help": {
        "es": "Cuánto invita a bailar: tempo, ritmo estable, pulso marcado.",
        "en": "How much it makes you want to dance: tempo, steady rhythm, a strong beat.",
    },
    "acousticness_help": {
        "es": "Cuánto suena a instrumentos sin amplificar. Cerca de 1 es acústica casi con seguridad.",
        "en": "How much it sounds like unamplified instruments. Near 1 it is almost surely acoustic.",
    },
    "measures_where": {
        "es": "¿Dónde encuentro estas medidas de una canción?",
        "en": "Where do I find these measures of a song?",
    },
    "measures_where_text": {
        "es": "Spotify cerró su consulta de medidas a las aplicaciones nuevas el 27 de noviembre de 2024. "
        "Hoy quedan:\n\n"
        "- **Buscadores en la web**, como [Tunebat](https://tunebat.com) o [Musicstax](https://musicstax.com): "
        "escribe el título y verás las cuatro medidas, a menudo de 0 a 100 (divide entre 100).\n"
        "- **Servicios para programas**, como [ReccoBeats](https://reccobeats.com), con los mismos "
        "nombres que Spotify.\n"
        "- **Colecciones publicadas** antes del cierre, como *Spotify Tracks Dataset* en "
        "[Kaggle](https://www.kaggle.com/datasets/maharshipandya/-spotify-tracks-dataset), con 114.000 canciones.\n\n"
        "Otros programas que calculan estas medidas pueden dar valores algo distintos de los de Spotify.",
        "en": "Spotify closed its lookup of these measures to new applications on 27 November 2024. "
        "What is left today:\n\n"
        "- **Search pages** such as [Tunebat](https://tunebat.com) or [Musicstax](https://musicstax.com): "
        "type the title and they show the four measures, often from 0 to 100 (divide by 100).\n"
        "- **Services for programs** such as [ReccoBeats](https://reccobeats.com), with the same names as Spotify's.\n"
        "- **Collections published** before, such as the *Spotify Tracks Dataset* on "
        "[Kaggle](https://www.kaggle.com/datasets/maharshipandya/-spotify-tracks-dataset), with 114,000 songs.\n\n"
        "Other programs that compute these measures may give values slightly different from Spotify's.",
    },
}
