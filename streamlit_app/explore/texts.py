"""Texts of the page "explore"."""

from streamlit_app.i18n import COMMON, Texts

TEXTS: Texts = {
    **COMMON,
    "explore_title": {"es": "Explora tu lista", "en": "Explore your playlist"},
    "explore_intro": {
        "es": "El sistema trabaja con {songs:,} canciones. De cada una sabe cuatro medidas y si te gusta.",
        "en": "The platform works with {songs:,} songs. For each one it knows four measures and whether you like it.",
    },
    "explore_bar": {
        "es": "Te gustan {like:,} canciones y no te gustan {dislike:,}.",
        "en": "You like {like:,} songs and dislike {dislike:,}.",
    },
    "explore_counted": {"es": "{label}: {songs:,} ({share:.0%})", "en": "{label}: {songs:,} ({share:.0%})"},
    "explore_origin": {"es": "{source} · Preparada el {moment}", "en": "{source} · Prepared on {moment}"},
    "explore_source_drive": {"es": "De Google Drive", "en": "From Google Drive"},
    "explore_source_https": {"es": "De la web: {name}", "en": "From the web: {name}"},
    "explore_source_s3": {"es": "Del almacén S3: {name}", "en": "From the S3 store: {name}"},
    "explore_source_file": {"es": "Del archivo {name}", "en": "From the file {name}"},
    "explore_source_uploaded": {"es": "De una lista subida aquí", "en": "From a playlist uploaded here"},
    "explore_source_sample": {
        "es": "Muestra incluida, con canciones inventadas",
        "en": "The included sample of made-up songs",
    },
    "explore_details": {"es": "Detalles para curiosos", "en": "Details for the curious"},
    "explore_source": {"es": "Origen", "en": "Source"},
    "explore_fallback": {"es": "Por qué se usa la muestra", "en": "Why the sample is used"},
    "explore_checksum": {"es": "SHA-256 del archivo", "en": "SHA-256 of the file"},
    "explore_size": {"es": "Tamaño", "en": "Size"},
    "explore_rows": {"es": "Filas", "en": "Rows"},
    "explore_rows_text": {
        "es": "{raw:,} leídas; {dropped:,} repetidas no se usan; quedan {kept:,}",
        "en": "{raw:,} read; {dropped:,} repeated ones are left out; {kept:,} remain",
    },
    "explore_rows_all": {"es": "{raw:,} leídas, ninguna repetida", "en": "{raw:,} read, none of them twice"},
    "explore_split": {"es": "Reparto", "en": "Split"},
    "explore_split_text": {
        "es": "{train:,} para aprender, {test:,} ({share:.0%}) para probar el modelo",
        "en": "{train:,} to learn from, {test:,} ({share:.0%}) to test the model",
    },
    "explore_seed": {"es": "Semilla del reparto", "en": "Seed of the split"},
    "explore_readings": {"es": "Cambios al leer el archivo", "en": "Changes when reading the file"},
    "explore_as_written": {"es": "Ninguno", "en": "None"},
    "explore_part": {
        "es": "La lista es larga. De aquí en adelante se usan {shown:,} de sus {songs:,} canciones, tomadas a "
        "intervalos iguales, también en el archivo que se descarga.",
        "en": "The playlist is long. From here on {shown:,} of its {songs:,} songs are used, evenly spaced, also in "
        "the file to download.",
    },
    "explore_distributions": {"es": "Cómo suenan las que te gustan", "en": "What the songs you like sound like"},
    "explore_distributions_intro": {
        "es": "Cada gráfico muestra cómo se reparten las canciones según una medida, de 0 a 1. Donde la línea pasa "
        "por encima del área, abundan las que te gustan.",
        "en": "Each chart shows how the songs are distributed over one measure, from 0 to 1. Where the line rises "
        "above the area, the songs you like prevail.",
    },
    "explore_share": {"es": "% de canciones", "en": "% of songs"},
    "explore_from": {"es": "Desde", "en": "From"},
    "explore_to": {"es": "Hasta", "en": "To"},
    "explore_medians": {
        "es": "Mediana: {like:.2f} en las que te gustan, {dislike:.2f} en las que no.",
        "en": "Median: {like:.2f} among the songs you like, {dislike:.2f} among the others.",
    },
    "explore_correlations": {"es": "Qué va con qué", "en": "What goes with what"},
    "explore_correlations_intro": {
        "es": "Cerca de +1, las dos cosas suben juntas; cerca de \N{MINUS SIGN}1, cuando una sube, la otra baja; "
        "cerca de 0, no tienen relación.",
        "en": "Near +1 the two rise together; near \N{MINUS SIGN}1 one falls as the other rises; near 0 they are "
        "unrelated.",
    },
    "explore_more": {
        "es": "Lo que más se relaciona con tu gusto: **{feature}** (+{value:.2f}). Cuanto más tiene una canción, más "
        "suele gustarte.",
        "en": "Most closely related to your taste: **{feature}** (+{value:.2f}). The more of it a song has, the more "
        "you tend to like it.",
    },
    "explore_less": {
        "es": "Lo que más se relaciona con tu gusto: **{feature}** (\N{MINUS SIGN}{value:.2f}). Cuanto menos tiene "
        "una canción, más suele gustarte.",
        "en": "Most closely related to your taste: **{feature}** (\N{MINUS SIGN}{value:.2f}). The less of it a song "
        "has, the more you tend to like it.",
    },
    "explore_plane": {"es": "Dos medidas frente a frente", "en": "Two measures against each other"},
    "explore_x": {"es": "Eje horizontal", "en": "Horizontal axis"},
    "explore_y": {"es": "Eje vertical", "en": "Vertical axis"},
    "explore_songs_alt": {
        "es": "Tus canciones como puntos, según {x} y {y}.",
        "en": "Your songs as points, by {x} and {y}.",
    },
    "explore_surface": {
        "es": "El fondo muestra qué predice el modelo para una canción con esas dos medidas cuando las otras dos "
        "tienen la mediana de tu lista: {held}.",
        "en": "The background shows what the model predicts for a song with these two measures when the other two "
        "have the median of your playlist: {held}.",
    },
    "explore_missed": {
        "es": "El modelo conoce tus canciones. Sin conocerlas, se habría equivocado en {missed:,} de {songs:,} "
        "({share:.0%}): las que llevan un aspa.",
        "en": "The model knows your songs. Without knowing them, it would have been wrong about {missed:,} of "
        "{songs:,} ({share:.0%}): the ones with a cross.",
    },
    "explore_border": {
        "es": "La línea separa el «te gusta» del «no te gusta» (umbral {threshold:.2f}).",
        "en": "The line separates “like” from “dislike” (threshold {threshold:.2f}).",
    },
    "explore_one_sided": {
        "es": "Aquí no hay línea: el modelo responde lo mismo en todas partes.",
        "en": "There is no line here: the model gives the same answer everywhere.",
    },
    "explore_probability_0": {"es": "Seguro que no", "en": "Certainly not"},
    "explore_probability_1": {"es": "Seguro que sí", "en": "Certainly"},
    "explore_sampled": {
        "es": "El gráfico muestra {shown:,} de {songs:,} canciones, elegidas al azar.",
        "en": "The chart shows {shown:,} of {songs:,} songs, chosen at random.",
    },
    "explore_table": {"es": "Tus canciones, una a una", "en": "Your songs, one by one"},
    "explore_any": {"es": "Todas", "en": "All"},
    "explore_order": {"es": "Orden", "en": "Order"},
    "explore_order_own": {"es": "Como en la lista", "en": "As in the playlist"},
    "explore_order_by": {"es": "{feature}: de más a menos", "en": "{feature}: highest first"},
    "explore_left": {"es": "**{left:,} de {songs:,} canciones**", "en": "**{left:,} of {songs:,} songs**"},
    "explore_first": {
        "es": "La tabla muestra las {shown:,} primeras; el archivo CSV las tiene todas.",
        "en": "The table shows the first {shown:,}; the CSV file has them all.",
    },
    "explore_none": {
        "es": "Ninguna canción cumple todas las condiciones. Amplía alguno de los intervalos.",
        "en": "No song meets all the conditions. Widen one of the ranges.",
    },
    "explore_download": {"es": "Descargar en CSV", "en": "Download as CSV"},
    "explore_column_duration": {"es": "Duración", "en": "Duration"},
    "explore_column_minutes": {"es": "Duración (min)", "en": "Duration (min)"},
    "explore_column_tempo": {"es": "Tempo (BPM)", "en": "Tempo (BPM)"},
    "explore_column_loudness": {"es": "Volumen (dB)", "en": "Loudness (dB)"},
    "explore_column_valence": {"es": "Alegría", "en": "Cheerfulness"},
    "explore_column_instrumentalness": {"es": "Sin voz", "en": "Without voice"},
    "explore_column_liveness": {"es": "En directo", "en": "Live"},
    "explore_column_key": {"es": "Tonalidad", "en": "Key"},
    "explore_column_mode": {"es": "Modo", "en": "Mode"},
    "explore_column_time_signature": {"es": "Compás", "en": "Time signature"},
}
