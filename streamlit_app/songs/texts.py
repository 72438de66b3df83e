"""Texts of the page "songs"."""

from streamlit_app.i18n import COMMON, Texts

TEXTS: Texts = {
    **COMMON,
    "songs_title": {"es": "Muchas canciones a la vez", "en": "Many songs at once"},
    "songs_intro": {
        "es": "Sube una lista de canciones y el modelo las ordena: primero, las que tienen más probabilidad de "
        "gustarte.",
        "en": "Upload a list of songs and the model ranks them: those you are most likely to like come first.",
    },
    "songs_yours": {"es": "Tu lista", "en": "Your list"},
    "songs_form": {
        "es": "Una fila por canción, como en los archivos de Exportify o Chosic. Hacen falta cuatro columnas: "
        "**speechiness**, **energy**, **danceability** y **acousticness**, en cualquier orden e idioma. Las demás "
        "(título, artista…) se conservan.",
        "en": "One row for each song, as in the files of Exportify or Chosic. Four columns are needed: "
        "**speechiness**, **energy**, **danceability** and **acousticness**, in any order and language. Others "
        "(title, artist…) are kept.",
    },
    "songs_upload_tab": {"es": "Subir un archivo", "en": "Upload a file"},
    "songs_paste_tab": {"es": "Pegar filas", "en": "Paste rows"},
    "songs_upload": {
        "es": "Archivo con tus canciones",
        "en": "File with your songs",
    },
    "songs_upload_button": {"es": "Elegir un archivo", "en": "Choose a file"},
    "songs_upload_limits": {
        "es": "O suéltalo aquí. CSV, JSON o Parquet, hasta {size:,.0f} MB y {rows:,} filas.",
        "en": "Or drop it here. CSV, JSON or Parquet, at most {size:,.0f} MB and {rows:,} rows.",
    },
    "songs_paste": {
        "es": "Filas copiadas de una hoja de cálculo, con su cabecera",
        "en": "Rows copied from a spreadsheet, with their header",
    },
    "songs_check": {"es": "Comprobar las filas", "en": "Check the rows"},
    "songs_try": {"es": "Probar con un ejemplo", "en": "Try an example"},
    "songs_template": {"es": "Descargar una plantilla", "en": "Download a template"},
    "songs_template_file": {"es": "canciones.csv", "en": "songs.csv"},
    "songs_pasted": {"es": "Filas pegadas", "en": "Pasted rows"},
    "songs_example_name": {"es": "Ejemplo (canciones inventadas)", "en": "Example (made-up songs)"},
    "songs_example": {
        "es": "título;artista;speechiness;energy;danceability;acousticness\n"
        "Verano en la azotea;Las Mareas;0,05;0,81;0,74;0,08\n"
        "Carta sin sello;Inés Duarte;0,04;0,22;0,41;0,93\n"
        "Barrio de noche;MC Lindero;0,34;0,66;0,83;0,15\n"
        "Tormenta eléctrica;Los Voltios;0,09;0,96;0,38;0,01\n"
        "Nana del faro;Coro del Puerto;0,04;0,12;0,23;0,97\n"
        "Baila conmigo;Sonora Central;0,07;0,77;0,88;0,27\n"
        "Kilómetro cero;Ruta Norte;0,03;0,58;0,55;0,36\n"
        "Monólogo del lunes;Teo Ríos;0,91;0,31;0,62;0,80\n",
        "en": "title,artist,speechiness,energy,danceability,acousticness\n"
        "Rooftop Summer,The Tides,0.05,0.81,0.74,0.08\n"
        "Letter Without a Stamp,Ines Duarte,0.04,0.22,0.41,0.93\n"
        "City After Dark,MC Border,0.34,0.66,0.83,0.15\n"
        "Electric Storm,The Volts,0.09,0.96,0.38,0.01\n"
        "Lighthouse Lullaby,Harbour Choir,0.04,0.12,0.23,0.97\n"
        "Dance with Me,Central Sound,0.07,0.77,0.88,0.27\n"
        "Kilometre Zero,Northern Road,0.03,0.58,0.55,0.36\n"
        "Monday Monologue,Theo Rivers,0.91,0.31,0.62,0.80\n",
    },
    "songs_checked": {"es": "Comprobación", "en": "Check"},
    "songs_all_good": {
        "es": "**{name}**: {songs:,} canciones, ningún problema.",
        "en": "**{name}**: {songs:,} songs, no problems.",
    },
    "songs_some_good": {
        "es": "**{name}**: se pueden puntuar {good:,} de {songs:,} filas. Las otras ({bad:,}) tienen algún problema.",
        "en": "**{name}**: {good:,} of {songs:,} rows can be scored. The others ({bad:,}) have a problem.",
    },
    "songs_none_good": {
        "es": "**{name}**: ninguna de las {songs:,} filas se puede puntuar. Corrige lo que dice la tabla y vuelve a "
        "subir la lista.",
        "en": "**{name}**: none of the {songs:,} rows can be scored. Correct what the table lists and upload it again.",
    },
    "songs_faults_some": {
        "es": "La tabla muestra las primeras {shown:,} de las {bad:,} filas con problemas.",
        "en": "The table shows the first {shown:,} of the {bad:,} rows with a problem.",
    },
    "songs_rule": {
        "es": "Cada medida debe ser un número de 0 a 1, o todas de 0 a 100. Las filas se cuentan como en una hoja de "
        "cálculo. Corrígelas y sube la lista otra vez, o sigue sin ellas.",
        "en": "Each measure must be a number from 0 to 1, or all of them from 0 to 100. Rows are counted as in a "
        "spreadsheet. Correct them and upload the list again, or go on without them.",
    },
    "songs_row": {"es": "Fila", "en": "Row"},
    "songs_column": {"es": "Columna", "en": "Column"},
    "songs_problem": {"es": "Problema", "en": "Problem"},
    "songs_whole_row": {"es": "toda la fila", "en": "whole row"},
    "songs_faults_alt": {
        "es": "Tabla de problemas: fila, columna y qué corregir.",
        "en": "Table of problems: row, column and what to correct.",
    },
    "songs_ask": {"es": "Preguntar al modelo por {good:,} canciones", "en": "Ask the model about {good:,} songs"},
    "songs_ask_one": {"es": "Preguntar al modelo por 1 canción", "en": "Ask the model about 1 song"},
    "songs_progress": {"es": "{done:,} de {good:,} canciones", "en": "{done:,} of {good:,} songs"},
    "songs_ask_again": {
        "es": "**Hay un modelo nuevo**, la versión {version}. Estas respuestas son de la versión {old}.",
        "en": "**There is a new model**, version {version}. These answers are from version {old}.",
    },
    "songs_answer": {"es": "Lo que dice el modelo", "en": "What the model says"},
    "songs_liked": {"es": "Te gustarán", "en": "You will like"},
    "songs_liked_count": {"es": "{liked:,} de {good:,}", "en": "{liked:,} of {good:,}"},
    "songs_share": {"es": "Proporción", "en": "Share"},
    "songs_histogram": {
        "es": "Cada columna cuenta las canciones que tienen esa probabilidad de gustarte. A partir del umbral, "
        "{threshold:.0%}, la respuesta es «te gustará».",
        "en": "Each column counts the songs with that probability that you like them. From the threshold, "
        "{threshold:.0%}, the answer is “you will like it”.",
    },
    "songs_axis": {"es": "Probabilidad de que te guste", "en": "Probability that you like it"},
    "songs_threshold": {"es": "Umbral {threshold:.0%}", "en": "Threshold {threshold:.0%}"},
    "songs_like": {"es": "Te gustará", "en": "You will like it"},
    "songs_dislike": {"es": "No te gustará", "en": "You will not like it"},
    "songs_ranked": {"es": "De más a menos probable", "en": "From the most to the least likely"},
    "songs_filter": {"es": "Canciones que se muestran", "en": "Songs shown"},
    "songs_filter_all": {"es": "Todas", "en": "All"},
    "songs_filter_liked": {"es": "Las que te gustarán", "en": "Those you will like"},
    "songs_rank": {"es": "N.º", "en": "#"},
    "songs_answer_column": {"es": "Respuesta", "en": "Answer"},
    "songs_ranked_alt": {
        "es": "Tabla de {shown:,} canciones ordenadas por probabilidad; la primera tiene {best:.0%}.",
        "en": "Table of {shown:,} songs ranked by probability; the first has {best:.0%}.",
    },
    "songs_none_liked": {
        "es": "Ninguna llega al umbral: elige *Todas* para ver la lista.",
        "en": "None reaches the threshold: choose *All* to see the list.",
    },
    "songs_shown_some": {
        "es": "Se muestran las {shown:,} primeras de {songs:,}; el archivo las tiene todas.",
        "en": "The first {shown:,} of {songs:,} are shown; the download has all of them.",
    },
    "songs_download": {"es": "Descargar todo (CSV)", "en": "Download all (CSV)"},
    "songs_download_file": {"es": "canciones-ordenadas.csv", "en": "songs-ranked.csv"},
    "songs_download_text": {
        "es": "Tus columnas y tres más: {added}. Primero, las canciones ordenadas; al final, las filas con problemas "
        "y el motivo.",
        "en": "Your columns and three more: {added}. The ranked songs come first; rows with a problem come last, with "
        "the reason.",
    },
}
