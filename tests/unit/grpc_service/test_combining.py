from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from time import sleep

import pytest

from grpc_service.combining import Combiner
from song_preference.errors import ModelNotReady
from song_preference.features import Song
from song_preference.serving.predictor import Prediction, Predictor
from song_preference.serving.store import ModelStore
from tests.conftest import SONG

SONGS = [Song(**SONG | {"energy": energy / 10}) for energy in range(11)]


class Recording(Predictor):
    """Notes how many songs each run has; the first run waits until it may go on."""

    def __init__(self, store: ModelStore) -> None:
        super().__init__(store)
        self.runs: list[int] = []
        self.began, self.may_go_on = Event(), Event()

    def predict_each(self, songs: Sequence[Song]) -> list[Prediction]:
        self.runs.append(len(songs))
        self.began.set()
        self.may_go_on.wait()
        return super().predict_each(songs)


def test_each_call_of_many_at_once_gets_its_own_answer(predictor: Predictor) -> None:
    combiner, together = Combiner(predictor), Barrier(len(SONGS))

    def ask(song: Song) -> list[Prediction]:
        together.wait()
        return [combiner.predict(song) for _ in range(50)]

    with ThreadPoolExecutor(len(SONGS)) as pool:
        answers = list(pool.map(ask, SONGS))
    assert answers == [[predictor.predict(song)] * 50 for song in SONGS]
    assert len({answer[0].probability for answer in answers}) > 1


def test_songs_that_come_while_others_wait_share_their_run(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = Recording(predictor.store)
    recording.may_go_on.set()
    combiner = Combiner(recording)
    # The leader lets the others have the interpreter here: one more song comes each time, three in all.
    coming = iter(SONGS[1:4])
    with ThreadPoolExecutor(len(SONGS)) as pool:

        def another_comes(_: float) -> None:
            if song := next(coming, None):
                expected = len(combiner._waiting) + 1
                pool.submit(combiner.predict, song)
                while len(combiner._waiting) < expected:
                    sleep(0.001)

        monkeypatch.setattr("grpc_service.combining.sleep", another_comes)
        assert combiner.predict(SONGS[0]) == predictor.predict(SONGS[0])
    assert recording.runs == [4]


def test_a_song_alone_waits_for_no_other(predictor: Predictor) -> None:
    recording = Recording(predictor.store)
    recording.may_go_on.set()
    combiner = Combiner(recording)
    for song in SONGS[:2]:
        combiner.predict(song)
    assert recording.runs == [1, 1]


def test_a_song_that_comes_during_a_run_is_in_the_next(predictor: Predictor) -> None:
    recording = Recording(predictor.store)
    combiner = Combiner(recording)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(combiner.predict, SONGS[0])
        recording.began.wait()
        recording.began.clear()
        second = pool.submit(combiner.predict, SONGS[1])
        recording.began.wait()
        recording.may_go_on.set()
    assert recording.runs == [1, 1]
    assert [first.result(), second.result()] == [predictor.predict(song) for song in SONGS[:2]]


def test_every_call_of_a_run_learns_of_its_error(store: ModelStore) -> None:
    combiner = Combiner(Predictor(store))

    def ask(song: Song) -> type[Exception] | None:
        try:
            combiner.predict(song)
        except ModelNotReady as error:
            return type(error)
        return None

    with ThreadPoolExecutor(len(SONGS)) as pool:
        assert set(pool.map(ask, SONGS)) == {ModelNotReady}
