"""Which columns of the usual exports are understood."""

import pytest

from song_preference.features import FEATURES
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
    "Exportify in Spanish": (
        (
            "URI de la canción,Nombre de la canción,Nombre del álbum,Nombre(s) del artista,"
            "Duración de la canción (ms),ISRC,Bailabilidad,Energía,Volumen,Hablado,Acústica,Tempo"
        ),
        EVERYTHING,
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
    "spotipy": (
        (
            "danceability,energy,key,loudness,mode,speechiness,acousticness,instrumentalness,liveness,valence,tempo,"
            "type,id,track_href,analysis_url,duration_ms,time_signature"
        ),
        {*FEATURES, *SCALED, "id"},
    ),
}


@pytest.mark.parametrize("name", ["label", "liked", "target", "favorite", "is_liked", "rating", "Me gusta"])
def test_a_label_has_many_names(name: str) -> None:
    assert positions(["energy", name]) == {"energy": [0], "label": [1]}


@pytest.mark.parametrize(
    ("like", "dislike"),
    [
        *(("1", "0"), ("1.0", "0.0"), ("true", "false"), ("yes", "no"), ("Y", "n"), ("like", "dislike")),
        *(("love", "HATE"), ("good", "bad"), ("si", "no"), ("Sí", "No"), ("me gusta", "no me gusta")),
        *((" liked ", "disliked"), ("👍", "👎")),
    ],
)
def test_a_label_is_a_number_or_a_word(like: str, dislike: str) -> None:
    assert (label_of(like), label_of(dislike)) == (1, 0)


@pytest.mark.parametrize("word", ["", "2", "maybe", "0.5", "nan", "n/a"])
def test_other_words_are_no_label(word: str) -> None:
    assert label_of(word) is None


@pytest.mark.parametrize(("header", "meanings"), EXPORTS.values(), ids=EXPORTS)
def test_an_exports_columns_are_understood(header: str, meanings: set[str]) -> None:
    found = positions(header.split(","))
    assert found.keys() == meanings
    assert all(len(columns) == 1 for columns in found.values())
