"""Micro-batches: one run of the model for concurrent requests."""

import asyncio

from song_preference.features import Song
from song_preference.prediction import Prediction
from song_preference.serving.predictor import Predictor

MAX_BATCH_SONGS = 256
"""Most songs in a micro-batch, so that it ends even if every turn of the loop brings another song."""


class MicroBatcher:
    """Collects the single songs of concurrent requests into micro-batches.

    A micro-batch ends after `quiet_turns` turns of the event loop without a new song. A song more costs a fraction of
    a run, and an idle turn takes microseconds. One turn is enough if a turn reads all readable sockets.
    """

    def __init__(self, predictor: Predictor, quiet_turns: int = 1) -> None:
        self._predictor = predictor
        self._quiet_turns = quiet_turns
        self._waiting: list[tuple[Song, asyncio.Future[Prediction]]] = []

    async def predict(self, song: Song) -> Prediction:
        """Return the prediction for one song; raise `ModelNotReady`."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._collect, loop, 0, self._quiet_turns)
        answer: asyncio.Future[Prediction] = loop.create_future()
        self._waiting.append((song, answer))
        return await answer

    def _collect(self, loop: asyncio.AbstractEventLoop, seen: int, turns_left: int) -> None:
        if len(self._waiting) > seen:
            seen, turns_left = len(self._waiting), self._quiet_turns
        if turns_left and seen < MAX_BATCH_SONGS:
            loop.call_soon(self._collect, loop, seen, turns_left - 1)
        else:
            self._answer()

    def _answer(self) -> None:
        waiting, self._waiting = self._waiting, []
        try:
            predictions = self._predictor.predict_each([song for song, _ in waiting])
            answered = list(zip(waiting, predictions, strict=True))
        except Exception as error:  # each request must get it
            for _, answer in waiting:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), prediction in answered:
            # A request whose client hung up is cancelled.
            if not answer.done():
                answer.set_result(prediction)
