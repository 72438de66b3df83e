"""Texts of the page "predict"."""

from streamlit_app.texts.language import Texts

TEXTS: Texts = {
    "predict_title": {"es": "¿Te va a gustar?", "en": "Will you like it?"},
    "predict_intro": {
        "es": "Describe una canción con cuatro medidas y el modelo, que aprendió de tu lista, responde al momento.",
        "en": "Describe a song by four measures, and the model that learned from your playlist answers at once.",
    },
    "predict_like": {"es": "Te va a gustar", "en": "You will like it"},
    "predict_dislike": {"es": "No te va a gustar", "en": "You will not like it"},
    "predict_speechiness_help": {
        "es": "Cuánta voz hablada tiene: sobre 0,66 es casi todo habla; bajo 0,33 es música.",
        "en": "How much is spoken: above 0.66 it is mostly talk, below 0.33 it is music.",
    },
    "predict_energy_help": {
        "es": "Intensidad y actividad: lo rápido, fuerte y ruidoso se acerca a 1.",
        "en": "Intensity and activity: fast, loud and noisy is near 1.",
    },
    "predict_danceability_help": {
        "es": "Cuánto invita a bailar: tempo, ritmo estable y pulso marcado.",
        "en": "How suitable it is for dancing: tempo, steady rhythm, strong beat.",
    },
    "predict_acousticness_help": {
        "es": "Confianza en que la canción sea acústica.",
        "en": "Confidence that the song is acoustic.",
    },
}
