"""Texts of the page "predict"."""

from streamlit_app.i18n import COMMON, Texts

TEXTS: Texts = {
    **COMMON,
    "predict_title": {"es": "¿Te va a gustar?", "en": "Will you like it?"},
    "predict_intro": {
        "es": "Describe una canción con cuatro medidas. El modelo, que aprendió de tu lista, responde al momento.",
        "en": "Describe a song with four measures. The model, which learned from your playlist, answers at once.",
    },
    "predict_like": {"es": "Te va a gustar", "en": "You will like it"},
    "predict_dislike": {"es": "No te va a gustar", "en": "You will not like it"},
    "predict_gauge": {
        "es": "Probabilidad de que te guste: {probability:.0%}. El umbral está en {threshold:.0%}.",
        "en": "Probability that you like it: {probability:.0%}. The threshold is at {threshold:.0%}.",
    },
    "predict_rule": {
        "es": "El modelo dice que sí a partir del {threshold:.0%}, la marca del arco.",
        "en": "The model says yes from {threshold:.0%}, the mark on the arc.",
    },
    "predict_presets": {"es": "Empieza por una canción de tu lista", "en": "Start from a song in your playlist"},
    "predict_preset_danceability": {"es": "La más bailable que te gusta", "en": "The most danceable you like"},
    "predict_preset_energy": {"es": "La más enérgica que te gusta", "en": "The most energetic you like"},
    "predict_preset_acousticness": {"es": "La más acústica que te gusta", "en": "The most acoustic you like"},
    "predict_preset_speechiness": {"es": "La más hablada que te gusta", "en": "The most spoken you like"},
    "predict_preset_disliked": {"es": "Una típica que no te gusta", "en": "A typical one you dislike"},
    "predict_preset_liked": {"es": "Una típica que te gusta", "en": "A typical one you like"},
    "predict_known_right": {
        "es": "El modelo ya conoce esta canción. Sin conocerla le habría dado un {probability:.0%}, y habría acertado.",
        "en": "The model already knows this song. Without knowing it, it would have given it {probability:.0%} and "
        "been right.",
    },
    "predict_known_wrong": {
        "es": "El modelo ya conoce esta canción. Sin conocerla le habría dado un {probability:.0%}, y se habría "
        "equivocado.",
        "en": "The model already knows this song. Without knowing it, it would have given it {probability:.0%} and "
        "been wrong.",
    },
    "predict_strips": {
        "es": "Las bandas muestran tus canciones: hacia arriba las que te gustan, hacia abajo las que no.",
        "en": "The bands show your songs: the ones you like above, the ones you dislike below.",
    },
    "predict_strip": {
        "es": "{feature}: la mitad de las canciones que te gustan está entre {like_low:.2f} y {like_high:.2f}; la "
        "mitad de las que no, entre {dislike_low:.2f} y {dislike_high:.2f}.",
        "en": "{feature}: half of the songs you like lie between {like_low:.2f} and {like_high:.2f}; half of those "
        "you dislike, between {dislike_low:.2f} and {dislike_high:.2f}.",
    },
    "predict_why": {"es": "Por qué", "en": "Why"},
    "predict_why_text": {
        "es": "Para una canción cualquiera de tu lista, el modelo parte del {base:.0%}. Cada medida de esta suma o "
        "resta puntos hasta llegar al {probability:.0%}.",
        "en": "For any song of your playlist, the model starts at {base:.0%}. Each measure of this song adds or "
        "subtracts points, to arrive at {probability:.0%}.",
    },
    "predict_points": {"es": "Puntos de probabilidad", "en": "Points of probability"},
    "predict_everywhere": {
        "es": "La misma respuesta con cada protocolo",
        "en": "The same answer through every protocol",
    },
    "predict_everywhere_text": {
        "es": "Otros programas preguntan al mismo modelo por la red. Elige un protocolo para ver qué responde, cuánto "
        "tarda y con qué comando se le pregunta.",
        "en": "Other programs ask the same model over the network. Choose a protocol to see what it answers, how long "
        "it takes, and the command to copy.",
    },
    "predict_way": {"es": "Protocolo", "en": "Protocol"},
    "predict_own": {"es": "Este panel", "en": "This dashboard"},
    "predict_all": {"es": "Todos", "en": "All"},
    "predict_down": {"es": "No responde", "en": "Does not answer"},
    "predict_latency": {
        "es": "{milliseconds:,.1f} ms · versión {version}",
        "en": "{milliseconds:,.1f} ms · version {version}",
    },
    "predict_no_model": {"es": "Todavía sin modelo", "en": "No model yet"},
}
