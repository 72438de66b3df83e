"""Every text of the dashboard, in Spanish and English."""

from typing import Literal

Language = Literal["es", "en"]
LANGUAGES: dict[Language, str] = {"es": "Español", "en": "English"}

TEXTS: dict[str, dict[Language, str]] = {
    "title": {"es": "¿Te va a gustar?", "en": "Will you like it?"},
    "predict": {"es": "Predecir", "en": "Predict"},
    "intro": {
        "es": "Describe una canción con cuatro medidas y el modelo, que aprendió de tu lista, responde al momento.",
        "en": "Describe a song by four measures, and the model that learned from your playlist answers at once.",
    },
    "speechiness": {"es": "Palabra hablada", "en": "Spoken words"},
    "speechiness_help": {
        "es": "Cuánta voz hablada tiene: sobre 0,66 es casi todo habla; bajo 0,33 es música.",
        "en": "How much is spoken: above 0.66 it is mostly talk, below 0.33 it is music.",
    },
    "energy": {"es": "Energía", "en": "Energy"},
    "energy_help": {
        "es": "Intensidad y actividad: lo rápido, fuerte y ruidoso se acerca a 1.",
        "en": "Intensity and activity: fast, loud and noisy is near 1.",
    },
    "danceability": {"es": "Bailabilidad", "en": "Danceability"},
    "danceability_help": {
        "es": "Cuánto invita a bailar: tempo, ritmo estable y pulso marcado.",
        "en": "How suitable it is for dancing: tempo, steady rhythm, strong beat.",
    },
    "acousticness": {"es": "Sonido acústico", "en": "Acoustic sound"},
    "acousticness_help": {
        "es": "Confianza en que la canción sea acústica.",
        "en": "Confidence that the song is acoustic.",
    },
    "like": {"es": "Te va a gustar", "en": "You will like it"},
    "dislike": {"es": "No te va a gustar", "en": "You will not like it"},
    "probability": {"es": "Probabilidad de que te guste", "en": "Probability that you like it"},
    "threshold": {"es": "Umbral", "en": "Threshold"},
    "model": {"es": "Modelo", "en": "Model"},
    "everywhere": {"es": "La misma respuesta en todas partes", "en": "The same answer everywhere"},
    "service": {"es": "Vía", "en": "Way"},
    "own_model": {"es": "Este panel", "en": "This dashboard"},
    "answer": {"es": "Respuesta", "en": "Answer"},
    "milliseconds": {"es": "Milisegundos", "en": "Milliseconds"},
    "down": {"es": "No responde", "en": "Does not answer"},
    "not_ready": {
        "es": "Todavía no hay un modelo campeón: ejecuta el DAG process_etl_spotify_data en Airflow.",
        "en": "There is no champion model yet: run the DAG process_etl_spotify_data in Airflow.",
    },
}


def text(key: str, language: Language) -> str:
    """The text of `key` in a language."""
    return TEXTS[key][language]
