"""Songs by name and recommendations over gRPC."""

from collections.abc import Iterator
from pathlib import Path

import grpc
import pandas as pd
import pytest
from anyio.from_thread import BlockingPortal

from song_preference.serving.predictor import Predictor
from song_preference.serving.songs import CatalogueSong, Search, SongSearch, Sort, Wishes
from song_preference.v1 import prediction_pb2 as pb
from tests.support.grpc_calls import Edge, rejected, running
from tests.support.registry import FakeRegistry
from tests.support.song_index import EXAMPLE, index_of, searching


@pytest.fixture(scope="module")
def index(graph: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return index_of(pd.read_csv(EXAMPLE), graph, tmp_path_factory.mktemp("index") / "index.sqlite")


@pytest.fixture
def search(index: Path, predictor: Predictor, tmp_path: Path) -> SongSearch:
    return searching(index, predictor, tmp_path)


@pytest.fixture
def served(grpc_loop: BlockingPortal, search: SongSearch) -> Iterator[Edge]:
    with running(grpc_loop, search) as edge:
        yield edge


def told(message: pb.CatalogueSong) -> tuple[object, ...]:
    optional = ("isrc", "album", "genre", "year", "spotify_url")
    values = [getattr(message, name) if message.HasField(name) else None for name in optional]  # type: ignore[arg-type]
    return message.id, message.title, message.artist, *values


def expected(song: CatalogueSong) -> tuple[object, ...]:
    return song.id, song.title, song.artist, song.isrc, song.album, song.genre, song.year, song.spotify_url


def test_a_search_answers_as_the_core_does(served: Edge, search: SongSearch) -> None:
    answer = served.stub.SearchSongs(pb.SearchSongsRequest(query="velvet signal", limit=3))
    found = search.search(Search(query="velvet signal", limit=3))
    assert [told(scored.song) for scored in answer.songs] == [expected(song) for song in found.songs]
    assert [(scored.probability, scored.liked) for scored in answer.songs] == [
        (song.probability, song.liked) for song in found.songs
    ]
    assert answer.index == pb.SongIndex(**found.origin.model_dump())
    assert len(served.stub.SearchSongs(pb.SearchSongsRequest(query="velvet")).songs) == 20


def test_recommendations_answer_as_the_core_does(served: Edge, search: SongSearch) -> None:
    request = pb.RecommendRequest(
        limit=5, genre="folk", year_from=1990, year_to=2020, popularity_from=5, sort=pb.SORT_POPULARITY, per_artist=1
    )
    answer = served.stub.Recommend(request)
    wishes = Wishes(
        limit=5, genre="folk", year_from=1990, year_to=2020, popularity_from=5, sort=Sort.POPULARITY, per_artist=1
    )
    found = search.recommend(wishes)
    assert found.songs
    assert [told(scored.song) for scored in answer.songs] == [expected(song) for song in found.songs]
    by_default = served.stub.Recommend(pb.RecommendRequest())
    assert [scored.reason for scored in by_default.songs] == [song.reason for song in search.recommend(Wishes()).songs]


def test_a_song_comes_with_the_champions_explanation(served: Edge, search: SongSearch) -> None:
    song = search.recommend(Wishes(limit=1)).songs[0]
    answer = served.stub.GetSong(pb.GetSongRequest(id=song.id))
    assert told(answer.song) == expected(song)
    assert answer.explanation == served.stub.Explain(pb.ExplainRequest(song=answer.song.features))


def test_every_answer_tells_that_another_champion_came(
    *, served: Edge, search: SongSearch, registry: FakeRegistry, predictor: Predictor, graph: bytes
) -> None:
    found = search.recommend(Wishes(limit=1))
    registry.register("2", graph)
    predictor.store.refresh(again=True)
    for answer in (
        served.stub.SearchSongs(pb.SearchSongsRequest(query="velvet")),
        served.stub.GetSong(pb.GetSongRequest(id=found.songs[0].id)),
        served.stub.Recommend(pb.RecommendRequest()),
    ):
        assert answer.index == pb.SongIndex(catalogue=found.origin.catalogue, model="1", stale=True)


def test_a_question_that_breaks_a_rule_names_its_field(served: Edge) -> None:
    for request, call, field in (
        (pb.SearchSongsRequest(), served.stub.SearchSongs, "query"),
        (pb.SearchSongsRequest(query="a" * 5_000), served.stub.SearchSongs, "query"),
        (pb.RecommendRequest(limit=0), served.stub.Recommend, "limit"),
        (pb.RecommendRequest(sort=9), served.stub.Recommend, "sort"),  # type: ignore[arg-type]
    ):
        rejection = rejected(lambda call=call, request=request: call(request))  # type: ignore[misc]
        assert (rejection.code, [*rejection.violations]) == (grpc.StatusCode.INVALID_ARGUMENT, [field])


def test_an_unknown_song_and_a_service_without_a_catalogue_are_not_found(
    served: Edge, grpc_loop: BlockingPortal, predictor: Predictor
) -> None:
    rejection = rejected(lambda: served.stub.GetSong(pb.GetSongRequest(id="x")))
    assert (rejection.code, "no song 'x'" in rejection.text) == (grpc.StatusCode.NOT_FOUND, True)
    with running(grpc_loop, SongSearch(None, predictor)) as bare:
        rejection = rejected(lambda: bare.stub.Recommend(pb.RecommendRequest()))
        assert (rejection.code, "No catalogue" in rejection.text) == (grpc.StatusCode.NOT_FOUND, True)
