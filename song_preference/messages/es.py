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
    "column_missing": "falta",
    "too_few_likes": "necesita al menos {least} canciones distintas que te gusten, y hay {size}",
    "too_few_dislikes": "necesita al menos {least} canciones distintas que no te gusten, y hay {size}",
    "too_few_to_split": "tiene muy pocas canciones que te gusten, o que no, para aprender de unas y probar con otras",
    "uneven_rows": "tiene filas con otro número de campos que la cabecera",
    "no_songs": "tiene cabecera, pero ninguna canción",
    "empty_file": "está vacío",
    "binary": "no es texto: exporta la lista como CSV",
    "html_page": "es una página web: comprueba que el enlace da el archivo mismo, compartido con quien lo tenga",
    "file_too_large": "ocupa más de lo que permite MAX_DATASET_BYTES ({limit:,} bytes)",
    "too_many_columns": "tiene {count:,} columnas y caben {limit:,}: deja solo las que describen las canciones",
    "row_too_long": "tiene una fila de más de {limit:,} caracteres: deja solo las columnas que describen las canciones",
    "cell_too_long": "tiene una celda de más de {limit:,} caracteres: acórtala, o cierra sus comillas",
    "quote_not_closed": "tiene unas comillas sin cerrar, o sin duplicar dentro de una celda entre comillas",
    # Por qué un archivo no es una tabla de canciones, y lo que se entendió, dejó fuera o supuso.
    "spreadsheet_file": "es un libro de una hoja de cálculo: guárdalo ahí como «CSV UTF-8» y envía ese archivo",
    "archive_unreadable": "es un gz o zip que no se puede abrir: comprueba que está entero y que no tiene contraseña",
    "archive_without_one_table": "es un zip con {count} tablas: pon dentro solo una (csv, tsv, txt, json o parquet)",
    "archive_too_large": "ocupa más de {limit:,.0f} MB descomprimido: divídelo",
    "encoding_broken": "empieza como {encoding} y no sigue así: expórtalo de nuevo como CSV UTF-8",
    "parquet_unreadable": "no se puede leer como Parquet: expórtalo de nuevo",
    "json_unreadable": "no se puede leer como JSON: expórtalo de nuevo",
    "json_without_songs": "es un JSON sin lista de canciones: envía una lista de objetos, uno por canción",
    "reader_crashed": "hizo fallar al lector de un modo que no conocemos: expórtalo de nuevo como CSV UTF-8",
    "no_audio_features": "nombra canciones pero no trae sus medidas de audio: expórtalo con ellas (Exportify, Chosic y "
    "Organize Your Music pueden; TuneMyMusic y la exportación de Spotify, no)",
    "mixed_scales": "va de 0 a 1 mientras otras medidas van de 0 a 100: usa la misma escala en las cuatro",
    "ratings": "puntúa canciones ({values}): añade una columna «liked» con 1 o 0 para saber qué notas son «me gusta»",
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
    "first_of_columns_kept": "de las columnas «{name}» se conserva la primera",
    "label_words": "opiniones entendidas: {words}",
    "duration_in_seconds": "la duración estaba en segundos",
    "features_in_percent": "las cuatro medidas estaban en porcentaje y se dividen entre 100",
    "rows_left_out": "se dejan fuera {count} filas: {findings}",
    "rows_repeated": "{count} filas repiten una canción y se dejan fuera",
    "songs_contradicting": "{count} canciones te gustan y no te gustan a la vez, y se dejan fuera: {songs}",
    # Un origen que no se puede usar.
    "source_rejected": "El origen «{source}» no se acepta: {reason}. Usa {may_name}.",
    "operator_may_name": "un enlace de Google Drive, una dirección https, s3://<bucket de datos>/<clave>, una ruta o "
    "«sample»",
    "anybody_may_name": "un enlace de Google Drive, una dirección https pública, s3://<bucket de "
    "datos>/incoming/<archivo> o incoming/<archivo>",
    "source_unreadable": "está vacío, tiene más de {limit} caracteres, o algunos que no se ven",
    "source_in_another_bucket": "no es s3://{bucket}/<clave>: copia el archivo a ese bucket",
    "source_of_unknown_scheme": "no empieza por ningún esquema conocido, como https o s3",
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
    "drive_unavailable": "Google Drive no dio el archivo del enlace «{link}» ({reason}): comprueba la conexión, y que "
    "el archivo esté compartido con cualquiera que tenga el enlace.",
    "drive_gave_a_page": "dio una página, para iniciar sesión o porque el archivo se pidió demasiadas veces",
    "too_slow": "tarda demasiado",
    "exception": "{name}",
    "url_unavailable": "No se puede descargar «{url}» ({error}): prueba a abrirla en un navegador.",
    "url_redirects_too_often": "«{url}» redirige más de {limit} veces: usa la dirección del archivo mismo.",
    "url_too_slow": "«{url}» tarda demasiado: descarga tú el archivo y súbelo, o ponlo en incoming/.",
    # Datos, almacenamiento y entrenamiento.
    "no_dataset_yet": "Todavía no se ha publicado ningún dato: ejecuta el DAG process_etl_spotify_data.",
    "no_such_dataset": "No existe la versión de datos «{version}»: `make datasets` muestra las que hay.",
    "dataset_file_gone": "La versión de datos «{version}» ya no tiene «{file}»: ejecuta otra vez "
    "process_etl_spotify_data.",
    "s3_full": "A S3 no le queda sitio para {uri}: libera espacio en su volumen, o borra datos que nadie necesite "
    "(`make datasets` los muestra), y vuelve a intentarlo.",
    "s3_unavailable": "S3 no sirvió {uri} ({error}): comprueba que funciona, que su volumen tiene sitio y que sus "
    "claves son correctas.",
    "disk_full": "Queda muy poco sitio en el volumen de {directory}: {free:,.0f} de {total:,.0f} MB libres. Libera "
    "espacio, o indica en TMPDIR una carpeta de otro volumen, y vuelve a intentarlo.",
    "no_candidate_exported": "Ningún candidato se puede exportar como un modelo que responda igual que al entrenarlo: "
    "prueba más modelos u otros datos. {details}",
    "too_few_songs_to_train": "Para entrenar hay {likes} canciones que te gustan y {dislikes} que no, y hacen falta "
    "{least} de cada: añade canciones a la lista, o aparta menos para la prueba, y empieza otra vez.",
}
