"""Texts of more than one page; a page's own keys begin with its name."""

from streamlit_app.texts.language import Texts

TEXTS: Texts = {
    "name": {"es": "¿Te gustará?", "en": "Will you like it?"},
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
    "threshold": {"es": "Umbral", "en": "Threshold"},
    "version": {"es": "Versión", "en": "Version"},
    "songs": {"es": "canciones", "en": "songs"},
    "sample_banner": {
        "es": "**Son datos de muestra.** Estas canciones son inventadas: el modelo no conoce el gusto de nadie. "
        "Sube tu lista en la página *El sistema*.",
        "en": "**This is sample data.** These songs are made up: the model knows nobody's taste. "
        "Hand in your playlist on the page *Pipeline*.",
    },
    "stale_banner": {
        "es": "**El modelo puede no ser el último.** MLflow no lo confirma: contesta la versión {version}, "
        "la última que se cargó.",
        "en": "**The model may not be the latest.** MLflow does not confirm it: version {version}, the last "
        "one that was loaded, goes on.",
    },
    "refused_banner": {
        "es": "**El campeón nuevo no se puede usar**: sigue contestando la versión {version}.",
        "en": "**The new champion cannot be used**: version {version} keeps answering.",
    },
    "no_champion_banner": {
        "es": "**Todavía no hay modelo.** El sistema aún no ha aprendido de ninguna lista; "
        "aprender tarda alrededor de un minuto.",
        "en": "**There is no model yet.** The platform has not learned from a playlist so far; "
        "learning takes about a minute.",
    },
    "no_registry_banner": {
        "es": "**No hay modelo a la vista.** MLflow, que los guarda, no responde; en cuanto vuelva aparecerá aquí.",
        "en": "**No model in sight.** MLflow, which keeps them, does not answer; once it is back the model appears.",
    },
    "start_pipeline": {"es": "Aprender de la lista", "en": "Learn from the playlist"},
    "pipeline_at_work": {
        "es": "Ya está aprendiendo. La página *El sistema* muestra cada paso.",
        "en": "It is learning already. The page *Pipeline* shows each step.",
    },
    "missing_data": {
        "es": "**Faltan los datos de la lista.** Los entrega el servicio REST, que no responde ahora mismo.",
        "en": "**The playlist's data are missing.** The REST service hands them out, and does not answer just now.",
    },
    "missing_storage": {
        "es": "**Faltan los datos de la lista.** El almacén S3, donde están, no responde ahora mismo.",
        "en": "**The playlist's data are missing.** S3, where they lie, does not answer just now.",
    },
    "missing_dataset": {
        "es": "**Todavía no hay datos.** Ninguna lista se ha preparado aún: ejecuta el proceso en la página "
        "*El sistema*.",
        "en": "**There are no data yet.** No playlist has been prepared: start the pipeline on the page *Pipeline*.",
    },
    "missing_management": {
        "es": "**Faltan los datos de la lista.** El servicio REST solo predice (MANAGE_DATASETS=false).",
        "en": "**The playlist's data are missing.** The REST service only predicts (MANAGE_DATASETS=false).",
    },
    "missing_registry": {
        "es": "**Faltan los modelos registrados.** MLflow, o el almacén S3 que usa, no responde ahora mismo.",
        "en": "**The registered models are missing.** MLflow, or S3 behind it, does not answer just now.",
    },
    "missing_airflow": {
        "es": "**Falta el proceso.** Airflow, que lo ejecuta, no responde ahora mismo.",
        "en": "**The pipeline is missing.** Airflow, which runs it, does not answer just now.",
    },
    "missing_model": {
        "es": "**Falta el modelo.** Aparecerá en cuanto haya un campeón.",
        "en": "**The model is missing.** It appears once there is a champion.",
    },
}
