"""Runs what may crash in a process of its own, so that the service that asked for it goes on."""

from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Thread
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

CONTEXT = get_context("forkserver")
"""Processes are forked from one without threads that has imported the reader, in some milliseconds."""

CONTEXT.set_forkserver_preload(["song_preference.dataset.prepare"])


class Crashed(Exception):
    """The process ended without an answer."""


def isolated(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Return what the function returns in a process of its own, or raise what it raises; raise `Crashed`.

    Its memory goes back to the system afterwards.
    """
    receiver, sender = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=_answer, args=(sender, function, args, kwargs), daemon=True)
    with receiver:
        with sender:
            process.start()
        try:
            value, error = receiver.recv()
        except EOFError:
            raise Crashed from None
        finally:
            process.join()
            process.close()
    if error is not None:
        raise error
    return value  # type: ignore[no-any-return] # what the function returned


def warm_up() -> None:
    """Start the process that others are forked from, in the background: it takes some seconds to import the reader."""
    Thread(target=isolated, args=(bool,), daemon=True).start()


def _answer(
    sender: Connection, function: Callable[..., object], args: tuple[object], kwargs: dict[str, object]
) -> None:
    value, raised = None, None
    try:
        value = function(*args, **kwargs)
    except Exception as error:
        raised = error
    sender.send((value, raised))
