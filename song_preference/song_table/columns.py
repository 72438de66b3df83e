"""What a column of a song file means by its name, and a label by its word: neither by an exact spelling."""

import math
import re
import unicodedata
from collections.abc import Sequence, Set

from song_preference.features import LABEL

SCALED = ("duration", "tempo", "loudness")
"""Columns that the specification passes through MinMaxScaler; the features need none, they lie in [0, 1]."""

DESCRIBING = ("title", "artist", "album", "id", "isrc")
"""Columns that say which song a row is, in the order in which they are shown."""

UNITS = frozenset(
    {
        *("ms", "msec", "milliseconds", "milisegundos", "毫秒", "ミリ秒", "بالمللي", "ثانية"),
        *("s", "sec", "secs", "seconds", "segundos", "h", "hh", "m", "mm", "ss"),
        *("db", "dbfs", "lufs", "bpm", "pct", "percent", "percentage", "porcentaje"),
    }
)
"""Words that a column's name may have at its end or in brackets. Numbers tell minutes, seconds and milliseconds."""

MINUTES = frozenset({"min", "mins", "minutes", "minutos"})
"""Further units of a duration; of another column, "min" may be the least value."""

OPINIONS = frozenset({"yes", "no", "y", "n", "si", "true", "false", "like", "dislike"})
"""Words that the name of a label column may have in brackets, to say how it is filled in."""

OBJECTS = frozenset({"audio", "features", "audiofeatures", "master", "metadata"})
"""Words before a column's name: of objects that JSON has features in, and of Spotify's listening history."""

BRACKETS = re.compile(r"(?<=.)[(\[]([^()\[\]]*)[)\]]")
WORDS = re.compile(r"[^\W_]+")

NAMES = {
    "speechiness": "speechiness, speech, spch, hablado, Sprachanteil, Parlabilité, Linguaggio parlato, Oralidade, "
    "Spraakzaamheid, Talighet, Konuşma Oranı, Ομιλητικότητα, スピーチ性, محتوى الكلام, 语音度, 語音度",
    "energy": "energy, nrgy, energía, Energie, Énergie, Energia, Energi, Enerji, Ενέργεια, エネルギー, الطاقة, 能量",
    "danceability": "danceability, dance, dnce, bailabilidad, Tanzbarkeit, Danseabilité, Ballabilità, "
    "Dançabilidade, Dansbaarheid, Dansbarhet, Dans Edilebilirlik, Χορευτικότητα, ダンサビリティ, قابلية الرقص, 舞蹈性",
    "acousticness": "acousticness, acoustic, acous, acústica, Akustik, Acoustique, Acustica, Akoestiek, Akustiklik, "
    "Ακουστικότητα, アコースティック性, الطابع الصوتي, 原声性, 原音性",
    "duration": "duration, durationMs, track duration, trackDurationMs, song duration, length, track length, "
    "song length, length (duration), dur, time, duración, duración de la canción, Track-Dauer, Durée du titre, "
    "Durata della traccia, Duração da faixa, Nummerduur, Låtlängd, Parça Süresi, Διάρκεια κομματιού, "
    "トラックの長さ, مدة الأغنية, 曲目时长, 曲目長度, 曲目時長",
    "tempo": "tempo, bpm, beats per minute, Ρυθμός, テンポ, الإيقاع, 速度",
    "loudness": "loudness, loud, db, volumen, Lautstärke, Volume sonore, Volume, Luidheid, Ljudstyrka, "
    "Ses Seviyesi, Ένταση, ラウドネス, مستوى الصوت, 响度, 響度",
    LABEL: "label, target, like, liked, likes, like/dislike, liked or not, is_liked, loved, favorite, favourite, "
    "is_favorite, is_favourite, rating, me gusta, gusta, te gusta, favorito, favorita, etiqueta, opinión, valoración, "
    "J'aime, gefällt mir, gosto, mi piace",
    "title": "title, song, song title, song name, track, track name, track title, name, título, canción, "
    "nombre de la canción, Track-Name, Nom du titre, Nome della traccia, Nome da faixa, Nummernaam, Låtens namn, "
    "Parça Adı, Όνομα κομματιού, トラック名, اسم الأغنية, 曲目名称, 曲目名稱, 歌名",
    "artist": "artist, artists, artist name, artist names, artist name(s), track artist, artista, artistas, "
    "nombre(s) del artista, Künstlername(n), Nom(s) de l'artiste, Nome dell'artista, Nome(s) do artista, "
    "Naam van artiest, Artistens namn, Sanatçı Adı, Όνομα/τα καλλιτέχνη, "
    "アーティスト名, أسماء الفنانين, 艺人名称, 藝人名稱, Artist 名",
    "album": "album, album name, track album name, álbum, nombre del álbum, Album-Name, Nom de l'album, "
    "Nome dell'album, Nome do álbum, Naam van album, Albumets namn, Albüm Adı, Όνομα άλμπουμ, アルバム名, اسم الألبوم, "
    "专辑名称, 專輯名稱, 專輯名",
    "id": "id, uri, track id, track uri, song id, spotify id, spotify uri, spotify track id, spotify track uri, "
    "URI de la canción, Track-URI, URI du titre, URI della traccia, URI da faixa, Nummer URI, Låtens URI, Parça URI, "
    "URI κομματιού, トラックURI, رابط الأغنية (URI), 曲目 URI, 歌 Link",
    "isrc": "isrc",
}
"""Names by meaning, our own first; then those of Exportify in its languages, Chosic, Organize Your Music,
TuneMyMusic, Spotify's listening history, Kaggle's usual sets and spotipy."""


def plain(name: str, units: Set[str] = UNITS, in_brackets: Set[str] = frozenset()) -> str:
    """Return a column's name without what does not matter: units, and the object that it lies in.

    Left out are also words `in_brackets`.
    """
    words = _words(name, units | in_brackets)
    while len(words) > 1 and words[-1] in units:
        words.pop()
    while len(words) > 1 and words[0] in OBJECTS:
        words.pop(0)
    return "".join(words)


def _words(name: str, in_brackets: Set[str] = UNITS) -> list[str]:
    # Turkish has an i without a dot, whose capital letter is ours.
    decomposed = unicodedata.normalize("NFKD", name.casefold().replace("\N{LATIN SMALL LETTER DOTLESS I}", "i"))
    letters = "".join(character for character in decomposed if not unicodedata.combining(character))
    # Only decomposed, since the brackets of Chinese and Japanese are as wide as their characters.
    return WORDS.findall(BRACKETS.sub(lambda found: "" if in_brackets >= _letters(found[1]) else found[0], letters))


def _letters(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+", text))


MEANINGS = {plain(name): meaning for meaning, names in NAMES.items() for name in names.split(", ")}


def positions(header: Sequence[str]) -> dict[str, list[int]]:
    """Return the positions of the columns of each meaning that the header has, one of our own name first."""
    found: dict[str, list[int]] = {}
    for position, name in enumerate(header):
        meaning = _meaning(name)
        # "Track BPM" is no title.
        if meaning and not (meaning in DESCRIBING and _words(name)[-1] in UNITS):
            found.setdefault(meaning, []).append(position)
    return {
        meaning: sorted(found[meaning], key=lambda position: header[position].strip().casefold() != meaning)
        for meaning in NAMES
        if meaning in found
    }


def _meaning(name: str) -> str | None:
    if meaning := MEANINGS.get(plain(name)):
        return meaning
    if MEANINGS.get(plain(name, UNITS | MINUTES)) == "duration":
        return "duration"
    return LABEL if MEANINGS.get(plain(name, in_brackets=OPINIONS)) == LABEL else None


LABEL_WORDS = {
    1: "like, likes, liked, love, loved, yes, y, si, sí, s, true, t, good, verdadero, v, me gusta, gusta, "
    "me encanta, oui, vrai, j'aime, ja, wahr, gefällt mir, sim, verdadeiro, gosto, vero, mi piace, 👍, ❤, ✓, ✔, ✅",
    0: "dislike, dislikes, disliked, hate, hated, no, n, false, f, bad, falso, unlike, unliked, not like, not liked, "
    "don't like, do not like, no me gusta, no gusta, non, faux, je n'aime pas, nein, falsch, gefällt mir nicht, não, "
    "não gosto, non mi piace, 👎, 💔, ✗, ✘, ❌",
}
LABELS = {plain(word) or word: label for label, words in LABEL_WORDS.items() for word in words.split(", ")}


def label_of(written: str) -> int | None:
    """Return the label that a cell means, or None."""
    word = written.strip().rstrip("\N{VARIATION SELECTOR-16}🏻🏼🏽🏾🏿")
    number = number_of(word)
    return int(number) if number in (0, 1) else LABELS.get(plain(word) or word)


def number_of(written: str) -> float:
    """Return the number in a cell, or NaN."""
    try:
        return float(written.replace(",", "."))
    except ValueError:
        return math.nan
