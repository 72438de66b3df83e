"""One run of the model for the calls of one moment."""

from collections.abc import Sequence
from queue import SimpleQueue
from threading import Lock
from time import sleep

from song_preference.features import Song
from song_preference.serving.predictor import Prediction, Predictor


class Combiner:
    """Gathers the songs of concurrent calls, asked about one by one, for one run of the model.

    The thread that comes first leads: it lets the others have the interpreter for as long as that brings another song,
    and asks for all of them. A run costs many times what another song in it costs.
    """

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._lock = Lock()
        self._waiting: list[tuple[Song, SimpleQueue[Prediction | Exception]]] = []

    def predict(self, song: Song) -> Prediction:
        """The answer for one song; raises `ModelNotReady`."""
        answer: SimpleQueue[Prediction | Exception] = SimpleQueue()
        with self._lock:
            leads = not self._waiting
            self._waiting.append((song, answer))
        if leads:
            self._answer()
        found = answer.get()
        if isinstance(found, Exception):
            raise found
        return found

    def _answer(self) -> None:
        seen = 0
        while (count := len(self._waiting)) > seen:
            seen = count
            sleep(0)
        with self._lock:
            waiting, self._waiting = self._waiting, []
        answers: Sequence[Prediction | Exception]
        try:
            answers = self._predictor.predict_each([song for song, _ in waiting])
        except Exception as error:  # whatever it is, it is each call's to answer
            answers = [error] * len(waiting)
        for (_, answer), found in zip(waiting, answers, strict=True):
            answer.put(found)
