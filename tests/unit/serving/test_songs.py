"""Songs by name and recommendations, on an index made by the catalogue's own code."""

import asyncio
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from song_preference.dataset.store import DatasetStore
from song_preference.errors import CatalogueNotFound, InvalidQuery
from song_preference.features import FEATURES
from song_preference.prediction import Explanation
from song_preference.serving import songs as module
from song_preference.serving.predictor import Predictor
from song_preference.serving.song_index import IndexStore, SongIndex
from song_preference.serving.songs import LONGEST_QUERY, MOST_SONGS, Found, Search, SongSearch, Sort, Wishes
from tests.support.datasets import MemoryObjects, publish_sample
from tests.support.registry import FakeRegistry
from tests.support.song_index import index_of, searching

ID = "0" * 21 + "a"
NAMED = [
    {"artist": "Beyoncé", "title": "Déjà Vu"},
    {"artist": "Sigur Rós", "title": "Hoppípolla"},
    {"artist": "O'Brien", "title": "drop table songs; --"},
    {"artist": "Bad Bunny; Rosalía", "title": "LA NOCHE DE ANOCHE"},
    {"artist": "U2", "title": "I Will Follow"},
    {"artist": "Молчат Дома", "title": "Судно"},
    {"artist": "Herbert", "title": "Größe Straße"},
    {"artist": "Sezen", "title": "İstanbul"},
]
LIKED = {"speechiness": 0.9, "energy": 0.5, "danceability": 0.95, "acousticness": 0.1}
"""What the forest of the tests likes."""


def songs(count: int) -> pd.DataFrame:
    """Songs of ten artists, a hundred years and four genres, the first one the best known."""
    rows = pd.DataFrame(np.random.default_rng(3).random((count, 4)).round(4), columns=list(FEATURES))
    rows["title"] = [f"Song {number}" for number in range(count)]
    rows["artist"] = [f"Band {number % 10}" for number in range(count)]
    rows["genre"] = [("rock", "Pop, latin", "latin;jazz", None)[number % 4] for number in range(count)]
    rows["year"] = [1920 + number % 100 for number in range(count)]
    rows["popularity"] = [count - number for number in range(count)]
    return rows


@pytest.fixture(scope="module")
def index(graph: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index with named songs, three of the listener's own that are sure likes, and 400 others."""
    objects = MemoryObjects()
    own = publish_sample(objects, 1, datetime(2026, 11, 30, tzinfo=UTC)).version
    table = DatasetStore(objects).table(own, "features")
    assert table is not None
    mine = table[list(FEATURES)].sort_values("danceability").tail(3).assign(title="Mine", artist="Me", popularity=900)
    named = pd.DataFrame([{**song, **LIKED, "popularity": 500 - place} for place, song in enumerate(NAMED)])
    named["speechiness"] -= named.index * 0.001
    named.loc[0, "id"] = ID
    released_again = pd.DataFrame([{"title": "MINE", "artist": "Me", "popularity": 1, **LIKED}])
    rows = pd.concat([named, mine, songs(400), released_again], ignore_index=True)
    return index_of(rows, graph, tmp_path_factory.mktemp("index") / "index.sqlite", objects, own)


@pytest.fixture
def search(index: Path, predictor: Predictor, tmp_path: Path) -> SongSearch:
    return searching(index, predictor, tmp_path)


def titles(search: SongSearch, query: str, limit: int = 20) -> list[str]:
    return [song.title for song in search.search(Search(query=query, limit=limit)).songs]


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("deja vu", "Déjà Vu"),
        ("VU beyonce", "Déjà Vu"),
        ("beyo", "Déjà Vu"),
        ("De\u0301ja\u0300", "Déjà Vu"),
        ("hopp ros", "Hoppípolla"),
        ("o'brien", "drop table songs; --"),
        ('"; drop table songs; --', "drop table songs; --"),
        ("rosalia noche", "LA NOCHE DE ANOCHE"),
        ("u2", "I Will Follow"),
        ("i follow", "I Will Follow"),
        ("молчат судно", "Судно"),
        ("Größe Straße", "Größe Straße"),
        ("İstanbul", "İstanbul"),
        (f"https://open.spotify.com/intl-es/track/{ID}?si=x", "Déjà Vu"),
        (f"spotify:track:{ID}", "Déjà Vu"),
        (f" {ID} ", "Déjà Vu"),
    ],
)
def test_a_song_is_found_by_words_in_any_order_their_beginnings_and_its_link(
    search: SongSearch, query: str, title: str
) -> None:
    assert titles(search, query) == [title]


@pytest.mark.parametrize(
    "query", ["deja nothing", "!!!", "*", '"', "NEAR(a b)", "title:vu AND", "f", "\x00", "😀", "1" * 22]
)
def test_what_is_in_no_song_finds_none(search: SongSearch, query: str) -> None:
    assert titles(search, query) == []


def test_the_best_known_come_first(search: SongSearch) -> None:
    assert titles(search, "song band", 3) == ["Song 0", "Song 1", "Song 2"]


def test_songs_with_the_whole_words_come_before_better_known_ones_that_begin_like_them(
    graph: bytes, predictor: Predictor, tmp_path: Path
) -> None:
    rows = songs(30)
    rows["title"] = [*(f"Himmel {number}" for number in range(25)), "Him", "Theory", "The Theory", "Theory of", "It"]
    search = searching(index_of(rows, graph, tmp_path / "i"), predictor, tmp_path)
    assert titles(search, "him", 3) == ["Him", "Himmel 0", "Himmel 1"]
    assert titles(search, "the theory") == ["The Theory", "Theory", "Theory of"]


@pytest.mark.parametrize("words", [" ".join("abcdefghijklmnopqrstuvwxyz") * 3, "so " * 60, "song " * 40])
def test_many_words_are_answered(search: SongSearch, words: str) -> None:
    assert len(titles(search, words.strip()[:LONGEST_QUERY])) <= MOST_SONGS


def test_a_song_has_what_its_file_told(search: SongSearch) -> None:
    (song,) = search.search(Search(query="deja vu")).songs
    assert (song.id, song.artist, song.album, song.popularity) == (ID, "Beyoncé", None, 500)
    assert song.spotify_url == f"https://open.spotify.com/track/{ID}"
    assert song.features.model_dump() == pytest.approx(LIKED)
    (other,) = search.search(Search(query="hoppipolla")).songs
    assert (len(other.id), other.spotify_url) == (20, None)


def test_a_songs_page_asks_the_model_in_service(search: SongSearch, predictor: Predictor) -> None:
    (song,) = search.search(Search(query="hoppipolla")).songs
    found = search.song(song.id)
    assert found.song == song
    assert isinstance(found.explanation, Explanation)
    assert found.explanation == predictor.explain(song.features)
    assert found.explanation.prediction.probability == pytest.approx(song.probability, abs=1e-6)


@pytest.mark.parametrize(("moment_seconds", "tries"), [(60.0, 1), (1e-9, 2)])
def test_a_question_that_takes_longer_than_a_moment_is_asked_again_in_another_thread(
    search: SongSearch, monkeypatch: pytest.MonkeyPatch, moment_seconds: float, tries: int
) -> None:
    monkeypatch.setattr(module, "MOMENT_SECONDS", moment_seconds)
    monkeypatch.setattr(module, "STEPS", 1)
    asked, threads = Search(query="song", limit=100), list[int]()

    def ask(asked: Search) -> Found:
        threads.append(threading.get_ident())
        return search.search(asked)

    found = asyncio.run(search.answer(ask, asked))
    assert found == search.search(asked)
    assert len(found.songs) == 100
    assert len(set(threads)) == len(threads) == tries
    assert threads[0] == threading.get_ident()


def test_questions_leave_the_event_loop_to_others_in_between(
    search: SongSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOMENT_SECONDS", 0.01)
    answered, seen = list[int](), set[int]()
    # A question takes 4 ms of this clock.
    monkeypatch.setattr(module, "perf_counter", lambda: 0.004 * len(answered))

    def ask(asked: Search) -> Found:
        answered.append(threading.get_ident())
        return search.search(asked)

    async def look() -> None:
        while len(answered) < 20:
            seen.add(len(answered))
            await asyncio.sleep(0)

    async def many() -> None:
        await asyncio.gather(*(search.answer(ask, Search(query="song")) for _ in range(20)), look())

    asyncio.run(many())
    assert set(answered) == {threading.get_ident()}
    assert len(seen) >= 20 // 3


def test_a_question_does_not_wait_for_one_that_takes_long(search: SongSearch, monkeypatch: pytest.MonkeyPatch) -> None:
    # On a busy machine too, the long one keeps its turn.
    monkeypatch.setattr(module, "MOMENT_SECONDS", 60)
    has_begun, may_end, threads = threading.Event(), threading.Event(), list[int]()

    def ask_for_long(asked: Wishes) -> Found:
        found = search.recommend(asked)
        has_begun.set()
        assert may_end.wait(20)
        return found

    def ask(asked: Wishes) -> Found:
        threads.append(threading.get_ident())
        may_end.set()
        return search.recommend(asked)

    async def both() -> tuple[Found, Found]:
        long = asyncio.create_task(asyncio.to_thread(lambda: asyncio.run(search.answer(ask_for_long, Wishes()))))
        await asyncio.to_thread(has_begun.wait, 20)
        return await search.answer(ask, Wishes()), await long

    first, second = asyncio.run(both())
    assert first == second
    assert threads != [threading.get_ident()]


def test_an_unknown_song_is_said_by_its_id(search: SongSearch) -> None:
    with pytest.raises(CatalogueNotFound, match="no song 'x'"):
        search.song("x")


def test_recommendations_are_likes_outside_the_list_the_likeliest_first(search: SongSearch) -> None:
    found = search.recommend(Wishes(limit=MOST_SONGS, per_artist=MOST_SONGS)).songs
    assert all(song.liked for song in found)
    assert {"Mine", "MINE"}.isdisjoint(song.title for song in found)
    assert [song.probability for song in found] == sorted((song.probability for song in found), reverse=True)
    assert {song.reason for song in found} <= set(FEATURES)


def test_an_artist_has_two_songs_unless_asked_otherwise(search: SongSearch) -> None:
    for most in (1, 2, 5):
        asked = Wishes(limit=MOST_SONGS, per_artist=most) if most != 2 else Wishes(limit=MOST_SONGS)
        assert Counter(song.artist for song in search.recommend(asked).songs).most_common(1)[0][1] == most


@pytest.mark.parametrize(
    ("wishes", "fits"),
    [
        ({"genre": "POP"}, lambda song: song.genre == "Pop, latin"),
        ({"genre": " latin "}, lambda song: song.genre in {"Pop, latin", "latin, jazz"}),
        ({"year_from": 1950, "year_to": 1960}, lambda song: 1950 <= song.year <= 1960),
        ({"popularity_from": 250}, lambda song: song.popularity >= 250),
        ({"genre": "rock", "year_from": 1980, "popularity_from": 100}, lambda song: song.genre == "rock"),
    ],
)
def test_recommendations_fit_the_wishes(search: SongSearch, wishes: dict[str, Any], fits: Any) -> None:
    found = search.recommend(Wishes(limit=MOST_SONGS, per_artist=MOST_SONGS, **wishes)).songs
    assert found
    assert all(fits(song) for song in found)
    best = search.recommend(Wishes(sort=Sort.POPULARITY, limit=3, per_artist=3, **wishes)).songs
    assert best == sorted(found, key=lambda song: -(song.popularity or 0))[:3]


def test_no_wish_is_no_error(search: SongSearch) -> None:
    assert search.recommend(Wishes(genre="' or 1=1 --")).songs == []
    assert search.recommend(Wishes(year_from=2999)).songs == []


def test_another_release_of_a_song_is_not_recommended_too(graph: bytes, predictor: Predictor, tmp_path: Path) -> None:
    rows = pd.DataFrame([{"title": "Again", "artist": "Us", "id": number, **LIKED} for number in ("one", "two")])
    rows.loc[1, "energy"] = 0.4
    search = searching(index_of(rows, graph, tmp_path / "i"), predictor, tmp_path)
    assert [song.title for song in search.recommend(Wishes()).songs] == ["Again"]


def test_artists_and_titles_that_are_only_written_differently_are_one(
    graph: bytes, predictor: Predictor, tmp_path: Path
) -> None:
    names = [("Beyoncé", "Déjà Vu"), ("beyonce", "Deja-vu!"), ("BEYONCE", "Halo"), ("Beyoncé, Jay-Z", "Drunk in Love")]
    rows = pd.DataFrame([{"artist": artist, "title": title, **LIKED} for artist, title in names])
    rows["popularity"] = range(4, 0, -1)
    search = searching(index_of(rows, graph, tmp_path / "i"), predictor, tmp_path)
    found = search.recommend(Wishes(sort=Sort.POPULARITY)).songs
    assert [song.title for song in found] == ["Déjà Vu", "Halo"]


def test_genres_are_those_of_songs_to_recommend_the_commonest_first(search: SongSearch) -> None:
    assert search.genres(2)[0] == "latin"
    assert set(search.genres(10)) == {"rock", "Pop", "latin", "jazz"}


def test_answers_of_another_version_than_the_one_in_service_are_stale(
    search: SongSearch, registry: FakeRegistry, predictor: Predictor, graph: bytes
) -> None:
    before = search.search(Search(query="deja"))
    assert (before.origin.model, before.origin.stale) == ("1", False)
    registry.register("2", graph)
    predictor.store.refresh(again=True)
    for found in (search.search(Search(query="deja")), search.recommend(Wishes()), search.song(ID)):
        assert (found.origin.model, found.origin.stale) == ("1", True)
    assert search.song(ID).explanation.prediction.model.version == "2"


def test_while_the_index_is_of_another_list_nothing_is_recommended(
    search: SongSearch, registry: FakeRegistry, predictor: Predictor, graph: bytes
) -> None:
    assert search.current
    registry.register("2", graph, search.current.dataset)
    predictor.store.refresh(again=True)
    assert search.recommend(Wishes()).origin.stale
    registry.register("3", graph, "another")
    predictor.store.refresh(again=True)
    assert titles(search, "deja vu") == ["Déjà Vu"]
    with pytest.raises(CatalogueNotFound, match="predictions for another playlist"):
        search.recommend(Wishes())


def test_answers_are_stale_while_no_version_is_in_service(search: SongSearch, predictor: Predictor) -> None:
    predictor.store.served = None
    assert search.search(Search(query="deja")).origin.stale


def test_an_index_that_is_replaced_while_it_is_opened_is_no_error(index: Path, predictor: Predictor) -> None:
    found = [SongIndex.of(index), SongIndex(Path("gone.sqlite"), "c", "1", None, 1)]

    class Replaced:
        """An index whose file is gone at the first look, and the next one."""

        @property
        def current(self) -> SongIndex:
            return found.pop()

    search = SongSearch(cast("IndexStore", Replaced()), predictor)
    assert titles(search, "deja vu") == ["Déjà Vu"]


def test_without_an_index_it_says_so(predictor: Predictor) -> None:
    with pytest.raises(CatalogueNotFound, match="No catalogue can be searched yet"):
        SongSearch(None, predictor).search(Search(query="a"))


@pytest.mark.parametrize(
    ("question", "values", "fields"),
    [
        (Search, {"query": "", "limit": 0}, ["limit", "query"]),
        (Search, {"query": "a" * 5_000}, ["query"]),
        (Wishes, {"limit": 101, "year_from": 0, "per_artist": 0}, ["limit", "year_from", "per_artist"]),
        (Wishes, {"popularity_from": float("nan"), "sort": "best"}, ["popularity_from", "sort"]),
    ],
)
def test_a_question_that_breaks_a_rule_names_its_field(
    question: type[Search | Wishes], values: dict[str, Any], fields: list[str]
) -> None:
    with pytest.raises(InvalidQuery) as rejected:
        question.checked(values)
    assert [problem.field for problem in rejected.value.problems] == fields
