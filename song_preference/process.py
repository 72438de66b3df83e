"""The process of a service: it is not held up by garbage collections, and ends in time."""

import gc
import logging
import os
from threading import Timer

log = logging.getLogger(__name__)


def exempt_from_collection() -> None:
    """Exempt whatever lives from garbage collections: a full one would traverse all imported modules, for 100 ms."""
    gc.collect()
    gc.freeze()


def exit_after(seconds: float) -> Timer:
    """Start a timer that ends the process with status 0, unless it is cancelled or the process ends earlier.

    Python itself would wait for a thread that hangs.
    """
    timer = Timer(seconds, _exit, [seconds])
    timer.daemon = True
    timer.start()
    return timer


def _exit(seconds: float) -> None:
    log.warning("Requests are still running %d seconds after the stop signal: abandoning them.", seconds)
    os._exit(0)
