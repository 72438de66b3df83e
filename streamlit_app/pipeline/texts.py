"""Texts of the page "pipeline"."""

from streamlit_app.i18n import COMMON, Texts

TEXTS: Texts = {
    **COMMON,
    "pipeline_title": {"es": "El sistema por dentro", "en": "The pipeline"},
    "pipeline_intro": {
        "es": "Aquí aprende el modelo: el sistema prepara una lista de canciones, busca el modelo que mejor se ajusta "
        "a ella y solo lo pone en uso si no es peor que el actual.",
        "en": "Here the model learns: the platform prepares a playlist, searches for the model that fits it best, and "
        "puts it to use only if it is no worse than the current one.",
    },
    "pipeline_learn": {"es": "Aprender de una lista", "en": "Learn from a playlist"},
    "pipeline_configured": {"es": "La lista configurada", "en": "The configured playlist"},
    "pipeline_configured_intro": {
        "es": "La que usa este sistema si no subes otra. Aprender de ella lleva alrededor de un minuto.",
        "en": "The one that this platform uses unless you upload another. Learning from it takes about a minute.",
    },
    "pipeline_options": {"es": "Opciones", "en": "Options"},
    "pipeline_default": {"es": "Predeterminado", "en": "Default"},
    "pipeline_yes": {"es": "Sí", "en": "Yes"},
    "pipeline_no": {"es": "No", "en": "No"},
    "pipeline_busy": {
        "es": "El modelo ya está aprendiendo: espera a que termine.",
        "en": "The model is already learning: wait until it ends.",
    },
    "pipeline_only_predicts": {
        "es": "Este sistema está configurado para predecir y nada más (MANAGE_DATASETS=false): aquí no puede aprender "
        "de otra lista.",
        "en": "This platform is set up to predict only (MANAGE_DATASETS=false): it cannot learn from another playlist "
        "here.",
    },
    "pipeline_own": {"es": "Otra lista", "en": "Another playlist"},
    "pipeline_own_intro": {
        "es": "Las medidas de cada canción y tu opinión: en un archivo con una columna que dice si te gusta, o en dos "
        "archivos. Primero se revisa; nada empieza hasta que tú lo pidas.",
        "en": "The measures of each song and your opinion: in one file with a column that says whether you like it, "
        "or in two files. They are checked first; nothing starts until you ask for it.",
    },
    "pipeline_way": {"es": "Tus canciones están en", "en": "Your songs are in"},
    "pipeline_way_one": {"es": "Un archivo", "en": "One file"},
    "pipeline_way_two": {"es": "Dos archivos", "en": "Two files"},
    "pipeline_file": {"es": "Tu lista, en CSV, JSON o Parquet", "en": "Your playlist, as CSV, JSON or Parquet"},
    "pipeline_liked": {"es": "Las que te gustan", "en": "Songs that you like"},
    "pipeline_disliked": {"es": "Las que no te gustan", "en": "Songs that you do not like"},
    "pipeline_file_limits": {
        "es": "O suéltalo aquí. Hasta {size:,.0f} MB.",
        "en": "Or drop it here. At most {size:,.0f} MB.",
    },
    "pipeline_choose": {"es": "Elegir un archivo", "en": "Choose a file"},
    "pipeline_checking": {"es": "Revisando la lista…", "en": "Checking the playlist…"},
    "pipeline_uploading": {"es": "Subiendo la lista…", "en": "Uploading the playlist…"},
    "pipeline_upload": {"es": "Aprender de esta lista", "en": "Learn from this playlist"},
    "pipeline_file_is_good": {
        "es": "**La lista es válida:** {songs:,} canciones, {likes:,} que te gustan y {dislikes:,} que no.",
        "en": "**The playlist is valid:** {songs:,} songs, {likes:,} that you like and {dislikes:,} that you do not.",
    },
    "pipeline_first_songs": {
        "es": "Las primeras canciones, tal como se han entendido; 1 es que te gusta:",
        "en": "The first songs as they were understood; 1 means that you like it:",
    },
    "pipeline_file_is_bad": {
        "es": "**El modelo todavía no puede aprender de esta lista.** Corrige lo siguiente y súbela otra vez; la fila "
        "1 es la cabecera.",
        "en": "**The model cannot learn from this playlist yet.** Correct the following and upload it again; row 1 is "
        "the header.",
    },
    "finding_column": {"es": "Columna", "en": "Column"},
    "finding_file": {"es": "El archivo", "en": "The file"},
    "finding_rule": {"es": "Problema", "en": "Problem"},
    "finding_count": {"es": "Número de filas", "en": "Number of rows"},
    "finding_rows": {"es": "Primeras filas", "en": "First rows"},
    "pipeline_upload_rejected": {
        "es": "**No se ha aceptado el archivo.** {reason}",
        "en": "**The file was not accepted.** {reason}",
    },
    "pipeline_upload_impossible": {
        "es": "**Ahora mismo no se puede.** Mira abajo qué servicio no funciona y vuelve a intentarlo. {reason}",
        "en": "**This is not possible right now.** See below which service does not work, and try again. {reason}",
    },
    "process_etl_spotify_data": {"es": "Preparar la lista", "en": "Prepare the playlist"},
    "train_song_preference": {"es": "Aprender de ella", "en": "Learn from it"},
    "step_waiting": {"es": "en espera", "en": "waiting"},
    "step_running": {"es": "en marcha", "en": "running"},
    "step_done": {"es": "hecho", "en": "done"},
    "step_failed": {"es": "falló", "en": "failed"},
    "step_retrying": {"es": "se intentará otra vez", "en": "will be retried"},
    "step_skipped": {"es": "no hizo falta", "en": "not needed"},
    "step_unreached": {"es": "no llegó a empezar", "en": "not reached"},
    "run_success": {"es": "Terminó bien", "en": "Succeeded"},
    "run_failed": {"es": "Falló", "en": "Failed"},
    "run_running": {"es": "En marcha", "en": "Running"},
    "run_queued": {"es": "En cola", "en": "Queued"},
    "pipeline_now": {"es": "Está aprendiendo", "en": "It is learning"},
    "pipeline_since": {
        "es": "Lleva {time}. Esta página se actualiza sola.",
        "en": "Running for {time}. This page updates by itself.",
    },
    "pipeline_queued": {"es": "Está en cola.", "en": "It is queued."},
    "pipeline_ended": {"es": "Cómo terminó", "en": "How it ended"},
    "pipeline_promoted": {
        "es": "**La versión {model} del modelo pasó a ser la campeona**, la que responde. Aprendió de los datos "
        "{dataset}.",
        "en": "**Version {model} of the model became the champion**, the one that answers. It learned from the data "
        "{dataset}.",
    },
    "pipeline_kept": {
        "es": "**Se entrenó la versión {model}, pero no pasó a ser la campeona.** Aprendió de los datos {dataset}.",
        "en": "**Version {model} was trained, but not promoted.** It learned from the data {dataset}.",
    },
    "pipeline_skipped": {
        "es": "**No había nada nuevo que aprender**: la misma lista con las mismas opciones ya dio un modelo.",
        "en": "**There was nothing new to learn**: the same playlist with the same options gave a model before.",
    },
    "pipeline_other": {
        "es": "**Terminó bien**, pero el entrenamiento posterior usó otros datos, que llegaron al mismo tiempo.",
        "en": "**The run succeeded**, but the training that followed used other data, which arrived at the same time.",
    },
    "pipeline_untrained": {
        "es": "**Los datos {dataset} están listos, pero el entrenamiento no ha empezado.** Mira en Airflow si está en "
        "pausa o en cola.",
        "en": "**The data {dataset} are ready, but the training has not begun.** Check in Airflow whether it is "
        "paused or queued.",
    },
    "pipeline_failed": {
        "es": "**No se pudo preparar la lista.** El modelo anterior sigue en uso.",
        "en": "**The playlist could not be prepared.** The previous model stays in use.",
    },
    "pipeline_training_failed": {
        "es": "**El entrenamiento falló.** El modelo anterior sigue en uso.",
        "en": "**The training failed.** The previous model stays in use.",
    },
    "pipeline_reason": {"es": "El motivo: {reason}", "en": "The reason: {reason}"},
    "pipeline_see_in_airflow": {"es": "Ver esta ejecución en Airflow", "en": "See this run in Airflow"},
    "pipeline_history": {"es": "Últimas ejecuciones", "en": "Latest runs"},
    "pipeline_which": {"es": "Qué ejecuciones", "en": "Which runs"},
    "pipeline_no_runs": {"es": "Todavía no hay ninguna.", "en": "There are none yet."},
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
        "es": "Versión {version}, desde el {since}; quizá haya una más nueva.",
        "en": "Version {version}, since {since}; there may be a newer one.",
    },
    "health_hangs": {"es": "Tarda demasiado en responder.", "en": "It takes too long to answer."},
    "health_no_model": {"es": "Todavía no hay modelo.", "en": "There is no model yet."},
    "health_version": {"es": "Usa la versión {version} del modelo.", "en": "Uses version {version} of the model."},
    "health_stale_version": {
        "es": "Usa la versión {version} del modelo; quizá haya una más nueva.",
        "en": "Uses version {version} of the model; there may be a newer one.",
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
        "es": "No se comprueba: el servicio REST está configurado para predecir y nada más.",
        "en": "It is not checked: the REST service is set up to predict only.",
    },
    "part_dashboard": {"es": "Este panel", "en": "This dashboard"},
    "part_dashboard_purpose": {
        "es": "Responde a lo que pruebas aquí, con su propia copia del modelo.",
        "en": "Answers what you try here, with its own copy of the model.",
    },
    "part_rest": {"es": "REST", "en": "REST"},
    "part_rest_purpose": {
        "es": "Da predicciones y datos a otros programas.",
        "en": "Gives predictions and data to other programs.",
    },
    "part_graphql": {"es": "GraphQL", "en": "GraphQL"},
    "part_graphql_purpose": {
        "es": "Lo mismo, pero cada programa elige qué campos recibe.",
        "en": "The same, but each program chooses which fields it gets.",
    },
    "part_grpc": {"es": "gRPC", "en": "gRPC"},
    "part_grpc_purpose": {
        "es": "Da predicciones a otros programas con la menor demora.",
        "en": "Gives predictions to other programs with the least delay.",
    },
    "part_airflow": {"es": "Airflow", "en": "Airflow"},
    "part_airflow_purpose": {
        "es": "Ejecuta cada paso: prepara la lista y entrena el modelo.",
        "en": "Runs each step: prepares the playlist and trains the model.",
    },
    "part_airflow_metadatabase": {"es": "Base de datos", "en": "Database"},
    "part_airflow_scheduler": {"es": "Planificador", "en": "Scheduler"},
    "part_airflow_dag_processor": {"es": "Procesador de DAG", "en": "DAG processor"},
    "part_mlflow": {"es": "MLflow", "en": "MLflow"},
    "part_mlflow_purpose": {
        "es": "Guarda cada versión del modelo y sus métricas.",
        "en": "Stores each version of the model and its metrics.",
    },
    "part_s3": {"es": "Almacén S3", "en": "S3 store"},
    "part_s3_purpose": {
        "es": "Guarda los archivos: listas y modelos.",
        "en": "Stores the files: playlists and models.",
    },
}
