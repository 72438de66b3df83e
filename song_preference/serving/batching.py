"""One run of the model for the requests of one moment."""

import asyncio

from song_preference.features import Song
from song_preference.serving.predictor import Prediction, Predictor


class MicroBatcher:
    """Gathers the songs of concurrent requests, asked about one by one, for one run of the model.

    No request waits for another to come: a run takes those that the event loop has in hand at that moment, and those
    whose bytes have arrived once it has begun them all. A run costs many times what another song in it costs.
    """

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._waiting: list[tuple[Song, asyncio.Future[Prediction]]] = []

    async def predict(self, song: Song) -> Prediction:
        """The answer for one song; raises `ModelNotReady`."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            # Behind the requests that are to be begun already, and once more behind those that have come meanwhile.
            loop.call_soon(loop.call_soon, self._answer)
        answer: asyncio.Future[Prediction] = loop.create_future()
        self._waiting.append((song, answer))
        return await answer

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
