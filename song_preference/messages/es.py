"""Every message in Spanish."""

from song_preference.messages.en import FIRST_METRICS, METRICS, metrics_table

SENTENCES = {
    "invalid_run": "No se puede empezar: {faults}.",
    "unknown_option": "no existe la opción «{name}», usa una de estas: {known}",
    "option_of_wrong_type": "la opción «{name}» tiene que ser {wanted}",
    "option_out_of_bounds": "la opción «{name}» vale {value}, elige un valor de {minimum} a {maximum}",
    "type_bool": "verdadero o falso (true o false)",
    "type_int": "un número entero",
    "type_float": "un número",
    "type_str": "un texto",
    "bounds": "De {minimum} a {maximum}.",
    # Un entrenamiento que repetiría otro anterior.
    "already_trained": "La versión {version} ya se entrenó con los datos {dataset}, la semilla {seed}, {trials} "
    "modelos probados y este mismo código: marca «Entrenar otra vez de todos modos» para repetirlo.",
    "rolled_back_from": "La versión {version} ya se entrenó con los datos {dataset}, la semilla {seed}, {trials} "
    "modelos probados y este mismo código, y alguien volvió de ella a otra: hazla campeona tú (make rollback "
    "VERSION={version}), o marca «Entrenar otra vez de todos modos».",
    "promoted_again": "La versión {version} ya se entrenó con estas canciones, estas opciones y este código: se "
    "compara otra vez.",
    # Una tarea o una ejecución que falló.
    "task_timed_out": "No terminó en {limit}: su registro en Airflow muestra qué esperaba.",
    "mlflow_failed": "MLflow no respondió a la tarea: comprueba que funciona y que queda espacio en los volúmenes de "
    "su base de datos, de sus archivos temporales y de S3, y vuelve a empezar. {error}",
    "task_failed_unexpectedly": "La tarea {task} falló por un error inesperado: su registro en Airflow dice por qué.",
    "run_failed_before_its_tasks": "{dag} falló antes que ninguna de sus tareas: su página en Airflow dice por qué.",
    # Por qué una versión pasó a ser la campeona, o no.
    "sample_against_playlist": "Aprendió de las canciones de muestra, y la versión {champion}, de una lista real.",
    "playlist_against_sample": "Aprendió de una lista real, y la versión {champion}, de las canciones de muestra.",
    "first_was_never_evaluated": "No hay ninguna campeona, pero nunca se midió cuánto acierta esta versión: entrena "
    "otra vez.",
    "first_beats_majority": "No había ninguna campeona, y con un ROC AUC de al menos {low:.3f} acierta más que "
    "responder siempre lo más frecuente.",
    "first_may_not_beat_majority": "No hay ninguna campeona, pero con un ROC AUC de quizá solo {low:.3f} puede que no "
    "acierte más que responder siempre lo más frecuente: con más canciones puede mejorar.",
    "training_songs_unknown": "Ya no se sabe con qué canciones se entrenó la versión {champion}, así que ninguna "
    "cuenta como nueva. Si quieres usar esta, hazla campeona tú: make rollback VERSION={version}.",
    "too_few_new_songs": "Solo {songs} canciones de prueba son nuevas también para la versión {champion}, menos de "
    "{least} de las que gustan o de las que no. Si quieres usar esta, hazla campeona tú: make rollback "
    "VERSION={version}.",
    "new_listener_beats_majority": "Es de otra persona que la versión {champion}, y con un ROC AUC de al menos "
    "{low:.3f} acierta más que responder siempre lo más frecuente.",
    "new_listener_may_not_beat_majority": "Es de otra persona que la versión {champion}, pero con un ROC AUC de quizá "
    "solo {low:.3f} puede que no acierte más que responder siempre lo más frecuente: con más canciones puede mejorar.",
    "another_listener": "Sus datos comparten {shared:,} de {songs:,} canciones con la lista en uso, la de la versión "
    "{champion}: vuelve a empezar e indica si es de otra persona (new_listener), o hazla campeona tú: make rollback "
    "VERSION={version}.",
    "not_inferior": "No es claramente peor: {comparisons}.",
    "inferior": "Puede ser claramente peor: {comparisons}.",
    "against_the_champion": "ROC AUC de {roc_auc:.3f} frente a {other_roc_auc:.3f} de la versión {version} con "
    "{songs:,} canciones con las que no se entrenó ninguna de las dos, peor por más de {tolerance} en el "
    "{share_worse:.0%} de las repeticiones al azar (como mucho puede serlo en el {max_share_worse:.0%})",
    "against_the_best": "ROC AUC de {roc_auc:.3f} frente a {other_roc_auc:.3f} de la versión {version}, la mejor hasta "
    "ahora, con {songs:,} canciones con las que no se entrenó ninguna de las dos, peor por más de {tolerance} en el "
    "{share_worse:.0%} de las repeticiones al azar (como mucho puede serlo en el {max_share_worse:.0%})",
    "worse_on_one_table": "{difference:.3f} peor que la versión {version} con las canciones de prueba de una sola "
    "lista (como mucho {tolerance})",
    "best_not_comparable": "la versión {version}, la mejor hasta ahora, ya no se puede comparar",
    "twin_gone": "Ya no existe el modelo que representa a la versión {champion} en las comparaciones. Si quieres usar "
    "la versión {version}, hazla campeona tú: make rollback VERSION={version}.",
    "cannot_be_loaded": "Ningún servicio puede cargarla: entrena otra vez.",
    "compared_with_champion": "Con {songs} canciones que ninguna de las dos conocía, tiene un ROC AUC de "
    "{roc_auc:.3f}, y la versión {champion}, de {champion_roc_auc:.3f}. Es peor por más de {tolerance} en el "
    "{share_worse:.0%} de las repeticiones al azar (como mucho puede serlo en el {max_share_worse:.0%}).",
    # Una lista que no se puede usar.
    "invalid_dataset": "Esta lista no se puede usar: {findings}.",
    "column_rule": "la columna «{column}» {rule}",
    "file_rule": "el archivo {rule}",
    "finding_in_row": "{finding} ({count} fila: {rows})",
    "finding_in_rows": "{finding} ({count} filas: {rows})",
    # Reglas que un archivo o una columna no cumple.
    "not_a_number": "debe ser un número",
    "not_a_label": "debe ser 1 o 0, o una palabra como sí y no, like y dislike",
    "empty_cell": "no puede estar vacía",
    "not_finite": "debe ser un número finito",
    "not_in_unit_interval": "debe estar entre 0 y 1",
    "column_missing": "falta",
    "too_few_likes": "necesita al menos {least} canciones distintas que te gusten, y hay {size}",
    "too_few_dislikes": "necesita al menos {least} canciones distintas que no te gusten, y hay {size}",
    "too_few_to_split": "tiene muy pocas canciones que te gusten, o que no, para aprender de unas y probar con otras",
    "uneven_rows": "tiene filas con otro número de campos que la cabecera",
    "row_uneven": "tiene {cells:,} celdas y la cabecera {columns:,}",
    "no_songs": "tiene cabecera, pero ninguna canción",
    "empty_file": "está vacío",
    "binary": "no es texto: exporta la lista como CSV",
    "html_page": "es una página web: comprueba que el enlace lleva al archivo y que puede abrirlo cualquiera que "
    "tenga el enlace",
    "file_too_large": "ocupa más de lo que permite MAX_DATASET_BYTES ({limit:,} bytes)",
    "list_too_large": "pesa más de {limit:,.0f} MB: divídelo o quita columnas",
    "too_many_rows": "tiene más de {limit:,} filas: divídelo",
    "too_many_columns": "tiene {count:,} columnas y caben {limit:,}: deja solo las que describen las canciones",
    "row_too_long": "tiene una fila de más de {limit:,} caracteres: deja solo las columnas que describen las canciones",
    "cell_too_long": "tiene una celda de más de {limit:,} caracteres: acórtala, o cierra sus comillas",
    "quote_not_closed": "tiene unas comillas sin cerrar, o sin duplicar dentro de una celda entre comillas: ciérralas, "
    "duplícalas o quítalas",
    # Por qué un archivo no es una tabla de canciones, y lo que se entendió, dejó fuera o supuso.
    "spreadsheet_file": "es un libro de una hoja de cálculo: guárdalo ahí como «CSV UTF-8» y envía ese archivo",
    "archive_unreadable": "es un gz o zip que no se puede abrir: comprueba que está entero y que no tiene contraseña",
    "archive_without_one_table": "es un zip con {count} tablas: pon dentro solo una (csv, tsv, txt, json o parquet), o "
    "dos que se llamen liked y disliked (también valen likes, me gusta, dislikes, no me gusta y parecidos)",
    "of_file": "{file}: {message}",
    "labels_by_file": "la etiqueta sale del archivo y no de la columna {columns}",
    "archive_too_large": "ocupa más de {limit:,.0f} MB descomprimido: divídelo",
    "encoding_broken": "empieza como {encoding} y no sigue así: expórtalo de nuevo como CSV UTF-8",
    "parquet_unreadable": "no se puede leer como Parquet: expórtalo de nuevo",
    "json_unreadable": "no se puede leer como JSON: expórtalo de nuevo",
    "rows_too_large": "tiene filas que ocupan demasiada memoria: quita columnas, o expórtalo como CSV",
    "json_without_songs": "es un JSON sin lista de canciones: envía una lista de objetos, uno por canción",
    "reader_crashed": "hizo fallar al lector de un modo que no conocemos: expórtalo de nuevo como CSV UTF-8",
    "reader_too_slow": "tarda demasiado en leerse: divídelo o quita columnas",
    "no_audio_features": "nombra canciones pero no trae sus medidas de audio: expórtalo con ellas (Exportify, Chosic y "
    "Organize Your Music pueden; TuneMyMusic y la exportación de Spotify, no)",
    "mixed_scales": "va de 0 a 1 mientras otras medidas van de 0 a 100: usa la misma escala en las cuatro",
    "ratings": "puntúa canciones ({values}) y no dice qué notas son «me gusta»: escribe 1 en lugar de esas y 0 en "
    "lugar de las demás (quita las dudosas), o añade una columna así llamada «liked»",
    "record_companies": "tiene muchas palabras y casi ninguna opinión, como si nombrara discográficas: añade una "
    "columna «liked» con 1 o 0",
    "too_many_unusable_rows": "tiene {count} filas que no sirven de {rows}, más del {share:.0%}",
    "without_features": "tiene filas sin ninguna medida de audio",
    "converted": "convertido desde {format}",
    "transcoded": "leído como {encoding}",
    "separator_read": "sus columnas se separan con {separator}",
    "semicolons": "punto y coma",
    "tabs": "tabuladores",
    "bars": "barras",
    "other_character": "un carácter que nombra su primera línea",
    "header_in_row": "la cabecera está en la fila {row}",
    "columns_understood": "entendidas por su nombre: {columns}",
    "columns_not_there": "no están en el archivo, y el modelo no las necesita: {columns}",
    "one_of_columns_kept": "«{kept}» se usa como {name}, y no: {unused}",
    "index_column_left_out": "se deja fuera una columna que solo numera las filas",
    "first_of_columns_kept": "de las columnas «{name}» se conserva la primera",
    "label_words": "opiniones entendidas: {words}",
    "duration_in_seconds": "la duración estaba en segundos",
    "features_in_percent": "las cuatro medidas estaban en porcentaje y se dividen entre 100",
    "rows_left_out": "filas que se dejan fuera: {count:,} ({findings})",
    "rows_repeated": "filas que repiten una canción y se dejan fuera: {count:,}",
    "songs_contradicting": "canciones que te gustan y no te gustan a la vez, y se dejan fuera: {count:,} ({songs})",
    "too_few_to_compare": "pocas canciones para sustituir por sí solas el modelo en uso: si se aparta el {share:.0%} "
    "para la prueba, son {likes} que te gustan y {dislikes} que no, y la comparación necesita {least} de cada tipo que "
    "sean nuevas para los dos modelos; añade canciones",
    # Un origen que no se puede usar.
    "source_rejected": "El origen «{source}» no se acepta: {reason}. Usa {may_name}.",
    "operator_may_name": "un enlace de Google Drive, una dirección https, s3://<bucket de datos>/<clave>, una ruta o "
    "«sample»",
    "anybody_may_name": "un enlace de Google Drive, una dirección https pública, s3://<bucket de "
    "datos>/incoming/<archivo> o incoming/<archivo>",
    "source_unreadable": "está vacío, tiene más de {limit} caracteres o contiene caracteres invisibles",
    "source_in_another_bucket": "no es s3://{bucket}/<clave>: copia el archivo a ese bucket",
    "source_of_unknown_scheme": "no empieza por ningún esquema conocido, como https o s3",
    "source_without_https": "es un enlace que no empieza por https://: escribe https://...",
    "source_no_https_url": "no es una dirección https",
    "source_with_credentials": "contiene un usuario o una contraseña",
    "source_leads_elsewhere": "lleva a «{url}» ({reason})",
    "source_not_below": "no está dentro de {folder}",
    "source_no_file_below": "no es un archivo dentro de {folder}",
    "sample_named": "la lista de muestra ya se usa sola cuando no hay otra",
    "drive_link_without_id": "el enlace de Google Drive no dice qué archivo es: cópialo en «Compartir > Copiar enlace»",
    "no_such_object": "no existe ese objeto; copia primero el archivo ahí",
    "no_such_file": "no existe ese archivo",
    "not_a_regular_file": "no es un archivo normal",
    "host_not_public": "su servidor no es público",
    "address_not_public": "su dirección no es pública",
    "host_with_address_not_public": "su servidor tiene una dirección que no es pública",
    # Un origen que no responde.
    "source_unavailable_latest_stays": "{reason} Los últimos datos publicados siguen en uso.",
    "file_unreadable": "No se puede leer el archivo «{file}» ({error}).",
    "drive_unavailable": "Google Drive no entregó el archivo del enlace «{link}» ({reason}): comprueba la conexión, y "
    "que el archivo esté compartido con cualquiera que tenga el enlace.",
    "drive_gave_a_page": "en su lugar entregó una página, para iniciar sesión o porque el archivo se ha pedido "
    "demasiadas veces",
    "too_slow": "tarda demasiado",
    "exception": "{name}",
    "url_unavailable": "No se puede descargar «{url}» ({error}): prueba a abrirla en un navegador.",
    "url_redirects_too_often": "«{url}» redirige más de {limit} veces: usa la dirección del archivo mismo.",
    "url_too_slow": "«{url}» tarda demasiado: descarga tú el archivo y súbelo, o ponlo en incoming/.",
    # Lo que el panel pide al servicio REST.
    "rest_unavailable": "El servicio REST no responde en {url}: comprueba que está en marcha.",
    "rest_is_another_program": "En {url} responde otro programa, y no el servicio REST: revisa FASTAPI_URL.",
    # Datos, almacenamiento y entrenamiento.
    "no_dataset_yet": "Todavía no hay datos publicados: ejecuta el DAG process_etl_spotify_data.",
    "no_such_dataset": "No existe la versión de datos «{version}»: `make datasets` muestra las que hay.",
    "dataset_file_gone": "La versión de datos «{version}» ya no tiene «{file}»: ejecuta otra vez "
    "process_etl_spotify_data.",
    "s3_full": "En S3 no queda espacio para {uri}: libera espacio en su volumen, o borra datos que nadie necesite "
    "(`make datasets` los muestra), y vuelve a intentarlo.",
    "s3_unavailable": "S3 no entregó {uri} ({error}): comprueba que funciona, que su volumen tiene espacio y que sus "
    "claves son correctas.",
    "disk_full": "Queda muy poco espacio en el volumen de {directory}: {free:,.0f} de {total:,.0f} MB libres. Libera "
    "espacio, o indica en TMPDIR una carpeta de otro volumen, y vuelve a intentarlo.",
    "no_candidate_exported": "Ningún candidato se puede exportar como un modelo que responda igual que al entrenarlo: "
    "prueba más modelos u otros datos. {details}",
    "too_few_songs_to_train": "Para entrenar hay {likes} canciones que te gustan y {dislikes} que no, y hacen falta "
    "{least} de cada tipo: añade canciones a la lista, o aparta menos para la prueba, y empieza otra vez.",
    # Un archivo enviado, un servicio ocupado y la vuelta a otra versión.
    "upload_too_large": "El archivo tiene más de {limit} bytes, que es el límite: {remedy}.",
    "split_the_file": "divídelo en partes",
    "playlist_limit": "una lista puede tener como mucho MAX_DATASET_BYTES",
    "upload_without_file": "El formulario no trae ningún archivo: envía el CSV en el campo «file», con su nombre.",
    "upload_without_playlist": "El formulario debe traer un archivo en el campo «file», o dos en los campos «liked» y "
    "«disliked», y ninguno más.",
    "service_busy": "Ya hay {waiting} peticiones largas en espera: prueba otra vez en unos segundos.",
    "already_champion": "La versión {version} ya es la campeona.",
    "rolled_back": "La versión {version} de {model} es ahora la campeona, y la {challenger}, la aspirante.",
    "made_champion": "La versión {version} de {model} es ahora la campeona.",
    "no_champion_to_replace": "{model} no tiene ninguna campeona que reemplazar: indica una versión.",
    "replaced_no_other": "La versión {version} de {model} no reemplazó a ninguna: indica a qué versión volver.",
    "no_such_version": "{model} no tiene la versión {version}; tiene {known}.",
    "none_yet": "ninguna todavía",
}

_METRIC_TITLES = {
    "roc_auc": "ROC AUC",
    "pr_auc": "PR AUC",
    "accuracy": "Exactitud",
    "f1": "F1 de las que gustan",
    "brier": "Puntuación de Brier",
    "log_loss": "Pérdida logarítmica",
    "calibration_slope": "Pendiente de calibración (ideal: 1)",
    "calibration_intercept": "Ordenada de calibración (ideal: 0)",
    "calibration_error": "Error de calibración",
}


def _model_card(trained: str, search: str, evaluated: str, metrics: str) -> str:
    return f"""# ¿Le gustará la canción a esta persona?

{{warning}}Este modelo ({{candidate}}) da la probabilidad de que una canción le guste a una persona, a partir de
speechiness, energy, danceability y acousticness como las mide Spotify, cada una de 0 a 1.

## Datos
Datos `{{dataset}}` (origen: {{source}}): {{songs}} canciones, {{likes}} que gustan y {{dislikes}} que no.
{trained}{{sampled}}

## Modelo
{search}
Dice «me gusta» desde una probabilidad de {{threshold:.3f}}: de los umbrales que aciertan por igual con las que gustan y
las que no, el más cercano a 0,5, buscado con canciones de entrenamiento que el modelo no conocía en ese momento.

## Cuánto acierta
{evaluated}, con intervalos del 95 %:

| | este modelo | siempre lo más frecuente | regresión logística |
|---|---|---|---|
{metrics}

ONNX y scikit-learn difieren como mucho en {{onnx_parity_error:.1e}} de probabilidad.

## Límites
- Conoce a una sola persona, y cada canción por cuatro números: ni artista, ni idioma, ni letra, ni género.
- También responde sobre canciones muy distintas de las de la lista; no se midió cuánto acierta con ellas.
- Los intervalos valen para canciones elegidas como estas; el gusto cambia, y el modelo solo lo nota con datos nuevos.

## Cómo usarlo
```python
import mlflow, pandas as pd
model = mlflow.pyfunc.load_model("models:/{{name}}@champion")
model.predict(pd.DataFrame([{{{{"speechiness": 0.04, "energy": 0.52, "danceability": 0.51, "acousticness": 0.71}}}}]))
```
"""


_FIRST_TRAINED = "Aprendió de {trained} de ellas y se probó con otras {evaluated}."
_TRAINED = """Un gemelo suyo aprendió de las {trained} canciones de entrenamiento y se probó con canciones que no
conocía; después, la misma receta aprendió de {refitted} canciones, también de las de prueba: es este modelo."""
_FIRST_SEARCH = """El mejor de {trials} intentos (Optuna TPE, semilla {seed}) según su ROC AUC en una validación cruzada
de 5 partes con las canciones de entrenamiento: {cv_roc_auc:.3f}. Parámetros: {parameters}."""
_SEARCH = """De {trials} intentos (Optuna TPE, semilla {seed}), el de menor pérdida logarítmica en tres validaciones
cruzadas de 5 partes con las canciones de entrenamiento: {cv_log_loss:.3f} (error estándar {cv_log_loss_error:.3f};
ROC AUC {cv_roc_auc:.3f}). El modelo de partida, la media de dos bosques, solo cede ante uno que lo mejora en más de un
error estándar. Parámetros: {parameters}. {calibration}"""

_DIFFERENCES = (
    "su ROC AUC difiere en {roc_auc_difference:+.3f} (de {roc_auc_difference_low:+.3f} a "
    "{roc_auc_difference_high:+.3f}), su puntuación de Brier en {brier_difference:+.3f} (de "
    "{brier_difference_low:+.3f} a {brier_difference_high:+.3f}) y su pérdida logarítmica en "
    "{log_loss_difference:+.3f} (de {log_loss_difference_low:+.3f} a {log_loss_difference_high:+.3f})"
)
_TABLE, _FIRST_TABLE = (metrics_table(metrics, _METRIC_TITLES, "a") for metrics in (METRICS, FIRST_METRICS))

SENTENCES |= {
    "model_card": _model_card(_FIRST_TRAINED, _FIRST_SEARCH, "Con canciones que nunca vio, una sola vez", _FIRST_TABLE),
    "model_card_of_refitted": _model_card(_TRAINED, _SEARCH, "{songs_of_metrics}", f"{_TABLE}\n\n{{comparison}}"),
    "evaluated_on_test_table": "El gemelo con las canciones de prueba, una sola vez",
    "evaluated_on_left_out": "Entre las canciones de prueba hay menos de 10 que gustan o de 10 que no, así que las "
    "respuestas son\nde los modelos de tres validaciones cruzadas de 5 partes con todas las canciones, cada una "
    "apartada del\nentrenamiento en su turno",
    "calibrated": "Sus probabilidades están calibradas con canciones apartadas: pendiente {calibration_slope:.2f} y "
    "ordenada {calibration_intercept:+.2f} sobre el logit.",
    "not_calibrated": "Calibrarlo no reduce la pérdida logarítmica de las canciones apartadas, así que no lo está.",
    "better_than_logistic_regression": "Mejor que una regresión logística sencilla con estas canciones: "
    f"{_DIFFERENCES}.",
    "no_better_than_logistic_regression": "No es mejor que una regresión logística sencilla con estas canciones: "
    f"{_DIFFERENCES}.",
    "model_of_sample": "> **Se entrenó con la muestra de canciones inventadas: no conoce el gusto de nadie.** "
    "Indica una lista en `DATASET_SOURCE`.\n\n",
    "trained_on_part": " Son muestras de las canciones de entrenamiento ({train}) y de las de prueba ({test}), con "
    "la misma proporción de las que gustan y las que no.",
}
