import asyncio
from collections.abc import Sequence

import pytest

from song_preference.errors import ModelNotReady
from song_preference.features import Song
from song_preference.prediction import Prediction
from song_preference.serving import batching
from song_preference.serving.batching import MicroBatcher
from song_preference.serving.model_store import ModelStore
from song_preference.serving.predictor import Predictor
from tests.support.songs import SONG

pytestmark = pytest.mark.anyio
SONGS = [Song(**SONG | {"energy": energy / 10}) for energy in range(11)]

QUIET_TURNS = 3


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Recording(Predictor):
    """Notes the songs of each run."""

    def __init__(self, store: ModelStore) -> None:
        super().__init__(store)
        self.runs: list[list[Song]] = []

    def predict_each(self, songs: Sequence[Song]) -> list[Prediction]:
        self.runs.append(list(songs))
        return super().predict_each(songs)


async def test_songs_of_one_moment_share_a_run_and_each_gets_its_own_answer(predictor: Predictor) -> None:
    recording = Recording(predictor.store)
    batcher = MicroBatcher(recording, QUIET_TURNS)
    answers = await asyncio.gather(*map(batcher.predict, SONGS))
    assert recording.runs == [SONGS]
    assert answers == [predictor.predict(song) for song in SONGS]
    assert len({answer.probability for answer in answers}) > 1


async def test_a_song_alone_waits_for_no_other(predictor: Predictor) -> None:
    recording = Recording(predictor.store)
    batcher = MicroBatcher(recording, QUIET_TURNS)
    for song in SONGS[:2]:
        await batcher.predict(song)
    assert recording.runs == [SONGS[:1], SONGS[1:2]]


async def test_every_request_of_a_run_gets_its_error(store: ModelStore) -> None:
    batcher = MicroBatcher(Predictor(store), QUIET_TURNS)
    answers = await asyncio.gather(*map(batcher.predict, SONGS), return_exceptions=True)
    assert {type(answer) for answer in answers} == {ModelNotReady}


async def test_one_who_hangs_up_leaves_the_others_their_answers(predictor: Predictor) -> None:
    batcher = MicroBatcher(predictor, QUIET_TURNS)
    gone, *waiting = [asyncio.create_task(batcher.predict(song)) for song in SONGS]
    await asyncio.sleep(0)
    gone.cancel()
    answers = await asyncio.gather(*waiting)
    assert len(answers) == len(SONGS) - 1
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_a_run_waits_while_each_few_turns_bring_another_song(predictor: Predictor) -> None:
    recording = Recording(predictor.store)
    batcher = MicroBatcher(recording, QUIET_TURNS)

    async def coming_one_by_one() -> list[asyncio.Task[Prediction]]:
        asked = []
        for song in SONGS:
            asked.append(asyncio.create_task(batcher.predict(song)))
            for _ in range(QUIET_TURNS - 1):
                await asyncio.sleep(0)
        return asked

    await asyncio.gather(*await coming_one_by_one())
    assert recording.runs == [SONGS]
    asked = asyncio.create_task(batcher.predict(SONGS[0]))
    for _ in range(QUIET_TURNS + 2):
        await asyncio.sleep(0)
    assert await batcher.predict(SONGS[1])
    assert recording.runs[1:] == [SONGS[:1], SONGS[1:2]]
    assert await asked


async def test_a_run_that_is_large_waits_for_no_further_song(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "MAX_BATCH_SONGS", 4)
    recording = Recording(predictor.store)
    batcher = MicroBatcher(recording, QUIET_TURNS)
    asked = []
    for song in SONGS:
        asked.append(asyncio.create_task(batcher.predict(song)))
        await asyncio.sleep(0)
    await asyncio.gather(*asked)
    assert max(map(len, recording.runs)) < len(SONGS)
