"""Every message in Spanish."""

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
    # Una tarea o una ejecución que falló.
    "task_timed_out": "No terminó en {limit}: su registro en Airflow muestra qué esperaba.",
    "mlflow_failed": "MLflow no respondió a la tarea: comprueba que funciona y vuelve a empezar. {error}",
    "task_failed_unexpectedly": "La tarea {task} falló por un error inesperado: su registro en Airflow dice por qué.",
    "run_failed_before_its_tasks": "{dag} falló antes que ninguna de sus tareas: su página en Airflow dice por qué.",
    # Por qué una versión pasó a ser la campeona, o no.
    "sample_against_playlist": "Aprendió de las canciones de muestra, y la versión {champion}, de una lista real.",
    "playlist_against_sample": "Aprendió de una lista real, y la versión {champion}, de las canciones de muestra.",
    "first_was_never_evaluated": "No hay ninguna campeona, pero nunca se midió si esta versión acierta: entrena otra "
    "vez.",
    "first_beats_majority": "No había ninguna campeona, y con un ROC AUC de al menos {low:.3f} acierta más que quien "
    "responde siempre lo más frecuente.",
    "first_may_not_beat_majority": "No hay ninguna campeona, pero con un ROC AUC de quizá solo {low:.3f} puede no "
    "acertar más que quien responde siempre lo más frecuente: con más canciones puede mejorar.",
    "training_songs_unknown": "Ya no se sabe con qué canciones se entrenó la versión {champion}, así que ninguna es "
    "nueva para ella. Si quieres usar esta, ponla tú: make rollback VERSION={version}.",
    "too_few_new_songs": "Solo {songs} canciones de prueba son nuevas también para la versión {champion}, menos de "
    "{least} de las que gustan o de las que no. Si quieres usar esta, ponla tú: make rollback VERSION={version}.",
    "cannot_be_loaded": "Ningún servicio puede cargarla: entrena otra vez.",
    "compared_with_champion": "Con {songs} canciones que ninguna conocía, un ROC AUC de {roc_auc:.3f} frente a "
    "{champion_roc_auc:.3f} de la versión {champion}; más de {tolerance} peor en el {share_worse:.0%} de las "
    "repeticiones al azar (como mucho {max_share_worse:.0%}).",
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
    "not_a_loudness": "debe estar entre -100 y 20 dB",
    "not_positive": "debe ser mayor que 0",
    "not_1_or_0": "debe ser 1 (te gusta) o 0 (no te gusta)",
    "column_missing": "falta",
    "column_repeated": "aparece más de una vez, quizá escrita de otra forma: deja una",
    "too_few_likes": "necesita al menos {least} canciones distintas que te gusten, y hay {size}",
    "too_few_dislikes": "necesita al menos {least} canciones distintas que no te gusten, y hay {size}",
    "too_few_to_split": "tiene muy pocas canciones que te gusten, o que no, para aprender de unas y probar con otras",
    "uneven_rows": "tiene filas con otro número de campos que la cabecera",
    "no_songs": "tiene cabecera, pero ninguna canción",
    "empty_file": "está vacío",
    "binary": "no es texto: exporta la lista como CSV",
    "not_utf8": "no está en UTF-8: expórtalo de nuevo con esa codificación",
    "html_page": "es una página web: comprueba que el enlace da el archivo mismo, compartido con quien lo tenga",
    "not_a_table": "no es un CSV: demasiadas filas tienen otro número de campos que la cabecera",
    "file_too_large": "ocupa más de lo que permite MAX_DATASET_BYTES ({limit:,} bytes)",
    "too_many_columns": "tiene {count:,} columnas y caben {limit:,}: deja solo las que describen las canciones",
    "row_too_long": "tiene una fila de más de {limit:,} caracteres: deja solo las columnas que describen las canciones",
    "cell_too_long": "tiene una celda de más de {limit:,} caracteres: acórtala, o cierra sus comillas",
    "quote_not_closed": "tiene unas comillas sin cerrar, o sin duplicar dentro de una celda entre comillas",
    "other_separator": "separa las columnas con {separator}: expórtalo con comas, y con punto decimal en los números",
    "semicolons": "punto y coma",
    "tabs": "tabuladores",
    "bars": "barras",
    # Lo que se leyó de otra forma que como estaba escrito.
    "index_column_left_out": "se deja fuera una columna que solo numera las filas",
    "column_renamed": "la columna «{written}» se lee como «{name}»",
    "first_of_columns_kept": "de las columnas «{name}» se conserva la primera",
    "label_words_read": "las palabras de la opinión se leen como 1 y 0",
}
