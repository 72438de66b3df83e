import pytest

from song_preference.errors import CatalogueNotFound
from song_preference.serving.songs import SongSearch
from streamlit_app.data.catalogue import about, find, genres_and_spans, has_index
from tests.support.dashboard import Platform
from tests.support.song_index import NAMED


def test_a_song_is_found_by_its_id_and_told_by_artist_and_year(indexed: SongSearch) -> None:
    song = find(NAMED["id"][0])
    assert has_index()
    assert song
    assert about(song) == "Beyoncé, 2006"
    assert about(song.model_copy(update={"year": None})) == "Beyoncé"
    genres, spans = genres_and_spans("one")
    assert "rock" in genres
    assert spans == indexed.spans()


@pytest.mark.parametrize("song_id", ["", "unknown"])
def test_an_id_of_no_song_finds_none(indexed: SongSearch, song_id: str) -> None:
    assert indexed.current
    assert find(song_id) is None


def test_without_an_index_there_is_nothing_to_find(platform: Platform) -> None:
    assert not platform.registry.indexes
    assert not has_index()
    assert find(NAMED["id"][0]) is None
    with pytest.raises(CatalogueNotFound):
        genres_and_spans("none")
