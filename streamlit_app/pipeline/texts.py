"""Texts of the page "pipeline"."""

from streamlit_app.i18n import COMMON, Texts

_START: Texts = {
    "pipeline_title": {"es": "El sistema por dentro", "en": "The pipeline"},
    "pipeline_intro": {
        "es": "Aquí aprende el modelo: el sistema prepara una lista de canciones, busca el modelo que mejor se "
        "ajusta a ella y solo lo usa si no es peor que el que ya responde.",
        "en": "Here the model learns: the platform prepares a playlist, searches for the model that fits it best, "
        "and uses it only if it is no worse than the one that answers now.",
    },
    "pipeline_learn": {"es": "Aprender de una lista", "en": "Learn from a playlist"},
    "pipeline_configured": {"es": "La lista configurada", "en": "The configured playlist"},
    "pipeline_configured_intro": {
        "es": "La que este sistema usa si no subes otra. Tarda alrededor de un minuto.",
        "en": "The one that this platform uses unless you upload another. It takes about a minute.",
    },
    "pipeline_options": {"es": "Opciones", "en": "Options"},
    "pipeline_default": {"es": "Lo de siempre", "en": "As usual"},
    "pipeline_percent": {"es": "%d\N{NO-BREAK SPACE}%%", "en": "%d%%"},
    "pipeline_busy": {
        "es": "El modelo ya está aprendiendo: espera a que termine.",
        "en": "The model is learning already: wait until it ends.",
    },
    "pipeline_only_predicts": {
        "es": "Este sistema se configuró solo para predecir (MANAGE_DATASETS=false): aquí no se puede aprender "
        "de otra lista.",
        "en": "This platform was set up to predict only (MANAGE_DATASETS=false): it cannot learn from another "
        "playlist here.",
    },
    "pipeline_own": {"es": "Otra lista", "en": "Another playlist"},
    "pipeline_own_intro": {
        "es": "Un archivo CSV, de 200 MB como mucho, con las medidas de cada canción y tu opinión: 1 si te gusta, "
        "0 si no. Primero se revisa; nada empieza sin que lo pidas.",
        "en": "A CSV file of at most 200 MB with the measures of each song and your opinion: 1 if you like it, 0 if "
        "not. It is checked first; nothing starts before you say so.",
    },
    "pipeline_file": {"es": "Tu lista en CSV", "en": "Your playlist as CSV"},
    "pipeline_file_limits": {"es": "O suéltalo aquí. Hasta {size} MB.", "en": "Or drop it here. At most {size} MB."},
    "pipeline_choose": {"es": "Elegir un archivo", "en": "Choose a file"},
    "pipeline_checking": {"es": "Revisando la lista…", "en": "Checking the playlist…"},
    "pipeline_handing_in": {"es": "Subiendo la lista…", "en": "Uploading the playlist…"},
    "pipeline_hand_in": {"es": "Aprender de este archivo", "en": "Learn from this file"},
    "pipeline_file_is_good": {
        "es": "**El archivo es válido:** {rows_kept} canciones, {likes} que te gustan y {dislikes} que no.",
        "en": "**The file is valid:** {rows_kept} songs, {likes} that you like and {dislikes} that you do not.",
    },
    "pipeline_repeated": {
        "es": "filas repetidas que se dejan fuera: {count}",
        "en": "repeated rows that are left out: {count}",
    },
    "pipeline_file_is_bad": {
        "es": "**El modelo no puede aprender de esta lista todavía.** Corrige lo que sigue y súbela otra vez; "
        "la fila 1 es la cabecera.",
        "en": "**The model cannot learn from this playlist yet.** Correct the following and upload it again; "
        "row 1 is the header.",
    },
    "finding_column": {"es": "Columna", "en": "Column"},
    "finding_file": {"es": "El archivo", "en": "The file"},
    "finding_rule": {"es": "Qué pasa", "en": "What is wrong"},
    "finding_count": {"es": "Cuántas", "en": "How many"},
    "finding_rows": {"es": "Filas", "en": "Rows"},
    "pipeline_upload_refused": {
        "es": "**El archivo no se ha aceptado.** El servicio dice, en inglés: {reason}",
        "en": "**The file was not accepted.** {reason}",
    },
    "pipeline_upload_impossible": {
        "es": "**Ahora mismo no se puede.** Mira abajo qué parte no funciona y vuelve a intentarlo. "
        "El detalle, en inglés: {reason}",
        "en": "**This is not possible just now.** See below which part does not work, and try again. {reason}",
    },
}

_RUNS: Texts = {
    "process_etl_spotify_data": {"es": "Preparar la lista", "en": "Prepare the playlist"},
    "train_song_preference": {"es": "Aprender de ella", "en": "Learn from it"},
    "step_waiting": {"es": "espera", "en": "waits"},
    "step_running": {"es": "en marcha", "en": "at work"},
    "step_done": {"es": "hecho", "en": "done"},
    "step_failed": {"es": "falló", "en": "failed"},
    "step_retrying": {"es": "lo intentará otra vez", "en": "will try again"},
    "step_skipped": {"es": "no hizo falta", "en": "not needed"},
    "step_unreached": {"es": "no se alcanzó", "en": "not reached"},
    "run_success": {"es": "Bien", "en": "Done"},
    "run_failed": {"es": "Falló", "en": "Failed"},
    "run_running": {"es": "En marcha", "en": "At work"},
    "run_queued": {"es": "En espera", "en": "Waits"},
    "pipeline_now": {"es": "Está aprendiendo", "en": "It is learning"},
    "pipeline_since": {
        "es": "Lleva {time}. Esta página se actualiza sola.",
        "en": "Running for {time}. This page updates by itself.",
    },
    "pipeline_queued": {"es": "Espera su turno.", "en": "It waits for its turn."},
    "pipeline_ended": {"es": "Cómo terminó", "en": "How it ended"},
    "pipeline_promoted": {
        "es": "**La versión {model} del modelo pasó a ser la campeona**, la que responde. Aprendió de los datos "
        "{dataset}.",
        "en": "**Version {model} of the model became the champion**, the one that answers. It learned from the data "
        "{dataset}.",
    },
    "pipeline_kept": {
        "es": "**Se entrenó la versión {model}, que no se puso en uso.** Aprendió de los datos {dataset}.",
        "en": "**Version {model} was trained, but not promoted.** It learned from the data {dataset}.",
    },
    "pipeline_skipped": {
        "es": "**No había nada nuevo que aprender**: la misma lista con las mismas opciones ya dio un modelo.",
        "en": "**There was nothing new to learn**: the same playlist with the same options gave a model before.",
    },
    "pipeline_other": {
        "es": "**Terminó bien**, pero el entrenamiento que siguió usó otros datos, que llegaron a la vez.",
        "en": "**The run succeeded**, but the training that followed used other data, which arrived at the same time.",
    },
    "pipeline_untrained": {
        "es": "**Los datos {dataset} están listos, pero el entrenamiento no ha empezado.** Mira en Airflow si está "
        "en pausa o en espera.",
        "en": "**The data {dataset} are ready, but the training has not begun.** Check in Airflow whether it is paused "
        "or queued.",
    },
    "pipeline_failed": {
        "es": "**No se pudo preparar la lista.** El modelo de antes siguió en uso.",
        "en": "**The playlist could not be prepared.** The model from before stayed in use.",
    },
    "pipeline_training_failed": {
        "es": "**El entrenamiento falló.** El modelo de antes siguió en uso.",
        "en": "**The training failed.** The model from before stayed in use.",
    },
    "pipeline_reason": {"es": "El motivo: {reason}", "en": "The reason: {reason}"},
    "pipeline_see_in_airflow": {"es": "Ver esta ejecución en Airflow", "en": "See this run in Airflow"},
    "pipeline_history": {"es": "Últimas ejecuciones", "en": "Latest runs"},
    "pipeline_which": {"es": "Qué ejecuciones", "en": "Which runs"},
    "pipeline_no_runs": {"es": "Todavía no hay ninguna.", "en": "There are none yet."},
}

_HEALTH: Texts = {
    "pipeline_parts": {"es": "Estado de cada servicio", "en": "State of each service"},
    "pipeline_all_work": {
        "es": "**Los {parts} servicios funcionan.** Se comprueba cada pocos segundos.",
        "en": "**All {parts} services work.** This is checked every few seconds.",
    },
    "pipeline_some_work": {
        "es": "**Funcionan {working} de {parts} servicios.** Se comprueba cada pocos segundos.",
        "en": "**{working} of {parts} services work.** This is checked every few seconds.",
    },
    "pipeline_open": {"es": "Abrir {name}", "en": "Open {name}"},
    "pipeline_grpc_address": {"es": "Dirección: {address}", "en": "Address: {address}"},
    "health_up": {"es": "Funciona", "en": "Works"},
    "health_down": {"es": "No funciona", "en": "Down"},
    "health_unknown": {"es": "No se sabe", "en": "Unknown"},
    "component_up": {"es": "{name}: funciona", "en": "{name}: works"},
    "component_down": {"es": "{name}: no funciona", "en": "{name}: down"},
    "health_model": {"es": "Versión {version}, desde el {since}.", "en": "Version {version}, since {since}."},
    "health_stale_model": {
        "es": "Versión {version}, desde el {since}; puede no ser la última.",
        "en": "Version {version}, since {since}; it may not be the latest.",
    },
    "health_hangs": {"es": "Tarda demasiado en responder.", "en": "It takes too long to answer."},
    "health_no_model": {"es": "Todavía no hay modelo.", "en": "There is no model yet."},
    "health_version": {"es": "Usa la versión {version} del modelo.", "en": "Uses version {version} of the model."},
    "health_stale_version": {
        "es": "Usa la versión {version} del modelo, que puede no ser la última.",
        "en": "Uses version {version} of the model, which may not be the latest.",
    },
    "health_answers_without_model": {
        "es": "Responde, pero todavía no tiene modelo.",
        "en": "It answers, but has no model yet.",
    },
    "health_s3_unknown": {
        "es": "No se puede comprobar: el servicio REST, que lo usa, no responde.",
        "en": "It cannot be checked: the REST service, which uses it, does not answer.",
    },
    "health_s3_unmanaged": {
        "es": "No se comprueba: el servicio REST solo predice.",
        "en": "It is not checked: the REST service only predicts.",
    },
    "part_dashboard": {"es": "Este panel", "en": "This dashboard"},
    "part_dashboard_purpose": {
        "es": "Responde a lo que pruebas aquí, con su propia copia del modelo.",
        "en": "Answers what you try here, with its own copy of the model.",
    },
    "part_rest": {"es": "REST", "en": "REST"},
    "part_rest_purpose": {
        "es": "Da predicciones y datos a otros programas.",
        "en": "Gives other programs predictions and data.",
    },
    "part_graphql": {"es": "GraphQL", "en": "GraphQL"},
    "part_graphql_purpose": {
        "es": "Lo mismo, y cada programa elige qué campos recibe.",
        "en": "The same, and each program chooses which fields it gets.",
    },
    "part_grpc": {"es": "gRPC", "en": "gRPC"},
    "part_grpc_purpose": {
        "es": "Predicciones para otros programas, con la menor espera.",
        "en": "Predictions for other programs, with the least delay.",
    },
    "part_airflow": {"es": "Airflow", "en": "Airflow"},
    "part_airflow_purpose": {
        "es": "Ejecuta cada paso: preparar la lista y aprender.",
        "en": "Runs every step: preparing the playlist and learning.",
    },
    "part_airflow_metadatabase": {"es": "Base de datos", "en": "Database"},
    "part_airflow_scheduler": {"es": "Planificador", "en": "Scheduler"},
    "part_airflow_dag_processor": {"es": "Lector de los DAG", "en": "DAG processor"},
    "part_mlflow": {"es": "MLflow", "en": "MLflow"},
    "part_mlflow_purpose": {
        "es": "Guarda cada versión del modelo y sus métricas.",
        "en": "Keeps every version of the model and its metrics.",
    },
    "part_s3": {"es": "Almacén S3", "en": "S3 store"},
    "part_s3_purpose": {"es": "Guarda los archivos: listas y modelos.", "en": "Keeps the files: playlists and models."},
}

TEXTS: Texts = {**COMMON, **_START, **_RUNS, **_HEALTH}
