"""Which columns of the usual exports are understood."""

import re
from collections.abc import Callable

import pytest

from song_preference.features import FEATURES
from song_preference.messages import Language, Message
from song_preference.song_table.columns import DESCRIBING, SCALED, label_of, positions

EVERYTHING = {*FEATURES, *SCALED, *DESCRIBING}
EXPORTS = {
    "Exportify": (
        (
            "Track URI,Track Name,Album Name,Artist Name(s),Release Date,Duration (ms),Popularity,Explicit,Added By,"
            "Added At,Genres,Record Label,Danceability,Energy,Key,Loudness,Mode,Speechiness,Acousticness,"
            "Instrumentalness,Liveness,Valence,Tempo,Time Signature"
        ),
        EVERYTHING - {"isrc"},
    ),
    "Chosic": (
        (
            "#,Song,Artist,BPM,Camelot,Energy,Added At,Duration,Popularity,Genres,Album,Album Date,Dance,Acoustic,"
            "Instrumental,Happy,Speech,Live,Loud (Db),Key,Time Signature,Spotify Track Id,ISRC,Explicit"
        ),
        EVERYTHING,
    ),
    "Organize Your Music": (
        "title,artist,top genre,year,added,bpm,nrgy,dnce,dB,live,val,dur,acous,spch,pop",
        EVERYTHING - {"album", "id", "isrc"},
    ),
    "Kaggle, 2,000 songs of all decades": (
        (
            "Index,Title,Artist,Top Genre,Year,Beats Per Minute (BPM),Energy,Danceability,Loudness (dB),Liveness,"
            "Valence,Length (Duration),Acousticness,Speechiness,Popularity"
        ),
        EVERYTHING - {"album", "id", "isrc"},
    ),
    "Kaggle, top 50 of 2019": (
        (
            "Track.Name,Artist.Name,Genre,Beats.Per.Minute,Energy,Danceability,Loudness..dB..,Liveness,Valence.,"
            "Length.,Acousticness..,Speechiness.,Popularity"
        ),
        EVERYTHING - {"album", "id", "isrc"},
    ),
    "Kaggle, most streamed songs of 2023": (
        (
            "track_name,artist(s)_name,artist_count,released_year,streams,bpm,key,mode,danceability_%,valence_%,"
            "energy_%,acousticness_%,instrumentalness_%,liveness_%,speechiness_%"
        ),
        {*FEATURES, "title", "artist", "tempo"},
    ),
    "Kaggle, 114,000 tracks": (
        (
            "track_id,artists,album_name,track_name,popularity,duration_ms,explicit,danceability,energy,key,loudness,"
            "mode,speechiness,acousticness,instrumentalness,liveness,valence,tempo,time_signature,track_genre"
        ),
        EVERYTHING - {"isrc"},
    ),
    "Kaggle, 30,000 songs": (
        (
            "track_id,track_name,track_artist,track_popularity,track_album_id,track_album_name,playlist_name,"
            "playlist_genre,danceability,energy,loudness,speechiness,acousticness,tempo,duration_ms"
        ),
        EVERYTHING - {"isrc"},
    ),
    "Kaggle, song popularity": (
        "song_name,song_popularity,song_duration_ms,acousticness,danceability,energy,loudness,speechiness,tempo",
        EVERYTHING - {"artist", "album", "id", "isrc"},
    ),
    "TuneMyMusic": (
        "Track name,Artist name,Album,Playlist name,Type,ISRC,Spotify - id",
        {*DESCRIBING},
    ),
    "Spotify's listening history": (
        "ts,ms_played,master_metadata_track_name,master_metadata_album_album_name,spotify_track_uri,episode_name",
        {"title", "id"},
    ),
    "features in an object": (
        "name,features.danceability,features.energy,audioFeatures.acousticness,audio_features.speechiness",
        {*FEATURES, "title"},
    ),
    "spotipy": (
        (
            "danceability,energy,key,loudness,mode,speechiness,acousticness,instrumentalness,liveness,valence,tempo,"
            "type,id,track_href,analysis_url,duration_ms,time_signature"
        ),
        {*FEATURES, *SCALED, "id"},
    ),
}


@pytest.mark.parametrize(
    "name",
    [
        "label",
        "liked",
        "target",
        "favorite",
        "is_favourite",
        "isFavourite",
        "is_liked",
        "Liked (1/0)",
        "Like/Dislike",
        "Me gusta (sí/no)",
        "Liked (1 = yes)",
        "rating",
        *("Me gusta", "¿Te gusta?", "Opinión", "J'aime", "Gefällt mir", "Mi piace"),
    ],
)
def test_a_label_has_many_names(name: str) -> None:
    assert positions(["energy", name]) == {"energy": [0], "label": [1]}


@pytest.mark.parametrize("cell", ["1,000,000", "0.5", "", "meh", "like (no)"])
def test_what_is_no_label_has_none(cell: str) -> None:
    assert label_of(cell) is None


def test_a_measure_of_a_track_is_not_its_title() -> None:
    assert positions(["Track BPM", "track_ms", "Track", "Artist Name(s)"]) == {"title": [2], "artist": [3]}


@pytest.mark.parametrize("name", ["Track (No.)", "Title (y/n)", "energy_min", "danceability minutes"])
def test_words_that_labels_and_durations_may_have_change_another_name(name: str) -> None:
    assert positions([name]) == {}


@pytest.mark.parametrize(
    ("like", "dislike"),
    [
        *(("1", "0"), ("1.0", "0.0"), ("true", "false"), ("yes", "no"), ("Y", "n"), ("like", "dislike")),
        *(("love", "HATE"), ("good", "bad"), ("si", "no"), ("Sí", "No"), ("me gusta", "no me gusta")),
        *((" liked ", "disliked"), ("likes", "not like"), ("liked", "unliked"), ("like", "do not like"), ("👍", "👎")),
        *(("Oui", "non"), ("JA", "nein"), ("sim", "Não"), ("sì", "no"), ("vrai", "faux"), ("WAHR", "FALSCH")),
        *(("J’aime", "je n'aime pas"), ("gefällt mir", "gefällt mir nicht"), ("✔️", "✘"), ("✅", "❌")),
        *(("1,0", "0,0"), ("VERDADERO", "FALSO"), ("s", "n"), ("👍🏽", "👎🏻"), ("❤️", "💔"), ("Me encanta", "no")),
    ],
)
def test_a_label_is_a_number_or_a_word(like: str, dislike: str) -> None:
    assert (label_of(like), label_of(dislike)) == (1, 0)


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_words_that_the_finding_names_are_labels(language: Language) -> None:
    pairs = re.findall(r"([\w ]+)/([\w ]+)", Message("not_a_label").text(language))
    assert len(pairs) == 10
    assert {(label_of(like), label_of(dislike)) for like, dislike in pairs} == {(1, 0)}


@pytest.mark.parametrize(
    ("meaning", "names"),
    {
        "energy": "Energy (0-100), Energy [0–1], energy_%, energy_pct, energy percentage, audio_features.energy",
        "acousticness": "Acousticness %",
        "tempo": "Tempo [BPM], tempo_bpm, Tempo (bpm)",
        "duration": "Duration (seconds), duration_sec, Duration_s, duracion_ms, Duration (m:ss), durationMs, "
        "length_ms, Duration (min), duration_m, length_mins, duración (minutos)",
        "loudness": "Loudness (dBFS), Loudness (LUFS), loudness_db, dB",
    }.items(),
)
def test_units_do_not_matter(meaning: str, names: str) -> None:
    assert [positions([name]) for name in names.split(", ")] == [{meaning: [0]}] * len(names.split(", "))


@pytest.mark.parametrize("name", ["Energy (mean)", "energy_rank", "(ms)", "s"])
def test_what_is_no_unit_matters(name: str) -> None:
    assert positions([name]) == {}


@pytest.mark.parametrize("name", ["(" * 100_000, "[a" * 50_000, "_" * 100_000, "s " * 50_000])
def test_a_long_name_is_soon_read(name: str) -> None:
    assert positions([name]) == {}


@pytest.mark.parametrize("word", ["", "2", "maybe", "0.5", "nan", "n/a"])
def test_other_words_are_no_label(word: str) -> None:
    assert label_of(word) is None


@pytest.mark.parametrize(("header", "meanings"), EXPORTS.values(), ids=EXPORTS)
def test_an_exports_columns_are_understood(header: str, meanings: set[str]) -> None:
    found = positions(header.split(","))
    assert found.keys() == meanings
    assert all(len(columns) == 1 for columns in found.values())


EXPORTIFY = {
    "English": (
        "Track URI, Track Name, Artist URI(s), Artist Name(s), Album URI, Album Name, Album Artist Name(s), "
        "Track Duration (ms), Explicit, Popularity, Danceability, Energy, Key, Loudness, Mode, Speechiness, "
        "Acousticness, Instrumentalness, Liveness, Valence, Tempo, Time Signature"
    ),
    "Arabic": (
        "رابط الأغنية (URI), اسم الأغنية, روابط الفنانين (URI), أسماء الفنانين, رابط الألبوم (URI), اسم الألبوم, "
        "أسماء فناني الألبوم, مدة الأغنية (بالمللي ثانية), صريح, الشعبية, قابلية الرقص, الطاقة, المفتاح, "
        "مستوى الصوت, النمط, محتوى الكلام, الطابع الصوتي, الطابع الآلي, الحيوية, الإيجابية, الإيقاع, توقيع الزمن"
    ),
    "German": (
        "Track-URI, Track-Name, Künstler-URI(s), Künstlername(n), Album-URI, Album-Name, Album-Künstlername(n), "
        "Track-Dauer (ms), Explizit, Beliebtheit, Tanzbarkeit, Energie, Tonart, Lautstärke, Modus, Sprachanteil, "
        "Akustik, Instrumentalität, Lebendigkeit, Valenz, Tempo, Taktart"
    ),
    "Greek": (
        "URI κομματιού, Όνομα κομματιού, URI καλλιτέχνη/ων, Όνομα/τα καλλιτέχνη, URI άλμπουμ, Όνομα άλμπουμ, "
        "Όνομα/τα καλλιτέχνη άλμπουμ, Διάρκεια κομματιού (ms), Ακατάλληλο, Δημοτικότητα, Χορευτικότητα, Ενέργεια, "
        "Τονικότητα, Ένταση, Τρόπος, Ομιλητικότητα, Ακουστικότητα, Οργανοκεντρικότητα, Ζωντάνια, Θετικότητα, "
        "Ρυθμός, Μέτρο"
    ),
    "Spanish": (
        "URI de la canción, Nombre de la canción, URI(s) del artista, Nombre(s) del artista, URI del álbum, "
        "Nombre del álbum, Nombre(s) del artista del álbum, Duración de la canción (ms), Explícito, Popularidad, "
        "Bailabilidad, Energía, Tonalidad, Volumen, Modo, Hablado, Acústica, Instrumentalidad, Vivacidad, "
        "Valencia, Tempo, Compás"
    ),
    "French": (
        "URI du titre, Nom du titre, URI(s) de l'artiste, Nom(s) de l'artiste, URI de l'album, Nom de l'album, "
        "Nom(s) de l'artiste de l'album, Durée du titre (ms), Explicite, Popularité, Danseabilité, Énergie, "
        "Tonalité, Volume sonore, Mode, Parlabilité, Acoustique, Instrumental, Vivacité, Valence, Tempo, Mesure"
    ),
    "Italian": (
        "URI della traccia, Nome della traccia, URI dell'artista, Nome dell'artista, URI dell'album, "
        "Nome dell'album, Nome dell'artista dell'album, Durata della traccia (ms), Esplicito, Popolarità, "
        "Ballabilità, Energia, Chiave, Volume, Modalità, Linguaggio parlato, Acustica, Strumentalità, Vivacità, "
        "Valenza, Tempo, Battuta"
    ),
    "Japanese": (
        "トラックURI, トラック名, アーティストURI, アーティスト名, アルバムURI, アルバム名, "
        "アルバムアーティスト名, トラックの長さ（ミリ秒）, 明示的な内容, 人気度, ダンサビリティ, エネルギー, "
        "キー, ラウドネス, モード, スピーチ性, アコースティック性, インストゥルメンタル性, ライブ感, 感情値, "
        "テンポ, 拍子"
    ),
    "Dutch": (
        "Nummer URI, Nummernaam, Artiest-URI, Naam van artiest, Album-URI, Naam van album, "
        "Naam van artiest op het album, Nummerduur (ms), Expliciet, Populariteit, Dansbaarheid, Energie, "
        "Toonsoort, Luidheid, Modus, Spraakzaamheid, Akoestiek, Instrumentaliteit, Levendigheid, Valentie, Tempo, "
        "Maatstreep"
    ),
    "Portuguese": (
        "URI da faixa, Nome da faixa, URI(s) do artista, Nome(s) do artista, URI do álbum, Nome do álbum, "
        "Nome(s) do artista do álbum, Duração da faixa (ms), Explícita, Popularidade, Dançabilidade, Energia, "
        "Tonalidade, Volume, Modo, Oralidade, Acústica, Instrumentalidade, Vivacidade, Valência, Tempo, Compasso"
    ),
    "Swedish": (
        "Låtens URI, Låtens namn, Artistens URI, Artistens namn, Albumets URI, Albumets namn, "
        "Albumartistens namn, Låtlängd (ms), Explicit, Popularitet, Dansbarhet, Energi, Tonart, Ljudstyrka, Läge, "
        "Talighet, Akustik, Instrumentalhet, Livlighet, Valens, Tempo, Taktart"
    ),
    "Turkish": (
        "Parça URI, Parça Adı, Sanatçı URI, Sanatçı Adı, Albüm URI, Albüm Adı, Albümdeki Sanatçı Adı, "
        "Parça Süresi (ms), Açık İçerik, Popülerlik, Dans Edilebilirlik, Enerji, Ton, Ses Seviyesi, Mod, "
        "Konuşma Oranı, Akustiklik, Enstrümantalite, Canlılık, Duygusallık, Tempo, Ölçü İşareti"
    ),
    "Simplified Chinese": (
        "曲目 URI, 曲目名称, 艺人 URI, 艺人名称, 专辑 URI, 专辑名称, 专辑艺人名称, 曲目时长（毫秒）, 含露骨内容, "
        "热度, 舞蹈性, 能量, 调性, 响度, 调式, 语音度, 原声性, 器乐度, 现场感, 情绪效价, 速度, 拍号"
    ),
    "Traditional Chinese": (
        "曲目 URI, 曲目名稱, 藝人 URI, 藝人名稱, 專輯 URI, 專輯名稱, 專輯藝人名稱, 曲目長度（毫秒）, 含露骨內容, "
        "熱門度, 舞蹈性, 能量, 調性, 響度, 調式, 語音度, 原音性, 器樂度, 現場感, 情緒效價, 速度, 拍號"
    ),
    "Cantonese": (
        "歌 Link, 歌名, Artist Link, Artist 名, 專輯 Link, 專輯名, 專輯 Artist 名, 曲目時長（毫秒）, 家長指引, "
        "熱門度, 舞蹈性, 能量, 調性, 響度, 調式, 語音度, 原音性, 器樂度, 現場感, 情緒效價, 速度, 拍號"
    ),
}
"""Headers of Exportify.app with all its audio features, in its twelve languages and three ways to write Chinese."""

EXPORTIFY_POSITIONS = {
    "id": 0,
    "title": 1,
    "artist": 3,
    "album": 5,
    "duration": 7,
    "danceability": 10,
    "energy": 11,
    "loudness": 13,
    "speechiness": 15,
    "acousticness": 16,
    "tempo": 20,
}


@pytest.mark.parametrize("header", EXPORTIFY.values(), ids=EXPORTIFY)
@pytest.mark.parametrize("change", [str, str.upper, str.lower], ids=["as it is", "upper case", "lower case"])
def test_exportify_is_understood_in_each_of_its_languages(header: str, change: Callable[[str], str]) -> None:
    found = positions(change(header).split(", "))
    assert found == {meaning: [position] for meaning, position in EXPORTIFY_POSITIONS.items()}
