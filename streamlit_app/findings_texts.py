"""What the check of a playlist says in English, and the same in Spanish; what stands in braces differs."""

from streamlit_app.i18n import Texts

_SPANISH = {
    "must be a number": "debe ser un número",
    "must be 1 or 0, or a word such as yes and no, like and dislike": "debe ser 1 o 0, o una palabra como sí y no, "
    "like y dislike",
    "must not be empty": "no puede estar vacía",
    "must be finite": "debe ser un número finito",
    "must lie in [0, 1]": "debe estar entre 0 y 1",
    "must lie in [-100, 20] dB": "debe estar entre -100 y 20 dB",
    "must be greater than 0": "debe ser mayor que 0",
    "must be 1 (likes) or 0 (dislikes)": "debe ser 1 (te gusta) o 0 (no te gusta)",
    "is missing": "falta",
    "appears more than once, also under another spelling: keep one": "aparece más de una vez, "
    "quizá escrita de otra forma: deja una",
    "needs at least {least} different likes, there are {size}": "hacen falta al menos {least} canciones distintas "
    "que te gusten, y hay {size}",
    "needs at least {least} different dislikes, there are {size}": "hacen falta al menos {least} canciones distintas "
    "que no te gusten, y hay {size}",
    "has too few songs of one class for a training and a test part": "hay muy pocas canciones que te gusten, "
    "o que no te gusten, para aprender de unas y probar con otras",
    "has rows with another number of fields than the header": "tiene filas con otro número de campos que la cabecera",
    "holds a header and no songs": "tiene cabecera, pero ninguna canción",
    "is empty": "está vacío",
    "is binary: export the playlist as CSV": "no es texto: exporta la lista como CSV",
    "is not UTF-8: export it again with this encoding": "no está en UTF-8: expórtalo de nuevo con esa codificación",
    "is an HTML page: check that the link gives the file itself, shared with anyone who has it": "es una página web: "
    "descarga el archivo mismo",
    "is not a CSV: too many rows have another number of fields than the header": "no es un CSV: "
    "demasiadas filas tienen otro número de campos que la cabecera",
    "has {count} columns and may have {limit}: keep only those that describe the songs": "tiene {count} columnas "
    "y caben {limit}: deja solo las que describen las canciones",
    "has a row of more than {limit} characters: keep only the columns that describe the songs": "tiene una fila "
    "de más de {limit} caracteres: deja solo las columnas que describen las canciones",
    "has a cell of more than {limit} characters: shorten it, or close its quote": "tiene una celda de más de "
    "{limit} caracteres: acórtala, o cierra sus comillas",
    "has a quote that is not closed, or not doubled inside a quoted cell": "tiene unas comillas sin cerrar, "
    "o sin duplicar dentro de una celda entre comillas",
    "separates its columns by semicolons: export it with commas, and with points in its numbers": "separa las "
    "columnas con punto y coma: expórtalo con comas, y con punto decimal en los números",
    "separates its columns by tabs: export it with commas, and with points in its numbers": "separa las columnas "
    "con tabuladores: expórtalo con comas, y con punto decimal en los números",
    "separates its columns by bars: export it with commas, and with points in its numbers": "separa las columnas "
    "con barras: expórtalo con comas, y con punto decimal en los números",
    "a column that only counts the rows is left out": "se deja fuera una columna que solo numera las filas",
    "column '{written}' is read as '{name}'": "la columna «{written}» se lee como «{name}»",
    "of the columns '{name}' the first is kept": "de las columnas «{name}» se conserva la primera",
    "the label's words are read as 1 and 0": "las palabras de la opinión se leen como 1 y 0",
}

TEXTS: Texts = {english: {"en": english, "es": spanish} for english, spanish in _SPANISH.items()}
