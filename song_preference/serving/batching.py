"""One run of the model for the requests of one moment."""

import asyncio

from song_preference.features import Song
from song_preference.prediction import Prediction
from song_preference.serving.predictor import Predictor

LARGEST_RUN = 256
"""Songs that wait for no further one: where each turn brings one, nobody would be answered."""


class MicroBatcher:
    """Gathers the songs of concurrent requests, asked about one by one, for one run of the model.

    A run takes the songs that are in hand once `quiet_turns` turns of the event loop brought no further one: what
    arrives meanwhile costs a fraction of a run, and a turn with nothing to do takes microseconds. One is enough where a
    turn reads all sockets that have something.
    """

    def __init__(self, predictor: Predictor, quiet_turns: int = 1) -> None:
        self._predictor = predictor
        self._quiet_turns = quiet_turns
        self._waiting: list[tuple[Song, asyncio.Future[Prediction]]] = []

    async def predict(self, song: Song) -> Prediction:
        """Return the answer for one song; raise `ModelNotReady`."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._gather, loop, 0, self._quiet_turns)
        answer: asyncio.Future[Prediction] = loop.create_future()
        self._waiting.append((song, answer))
        return await answer

    def _gather(self, loop: asyncio.AbstractEventLoop, seen: int, turns_left: int) -> None:
        if len(self._waiting) > seen:
            seen, turns_left = len(self._waiting), self._quiet_turns
        if turns_left and seen < LARGEST_RUN:
            loop.call_soon(self._gather, loop, seen, turns_left - 1)
        else:
            self._answer()

    def _answer(self) -> None:
        waiting, self._waiting = self._waiting, []
        try:
            predictions = self._predictor.predict_each([song for song, _ in waiting])
            answered = list(zip(waiting, predictions, strict=True))
        except Exception as error:  # whatever it is, it is each request's to answer
            for _, answer in waiting:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), prediction in answered:
            # A client that hung up has cancelled its own.
            if not answer.done():
                answer.set_result(prediction)
