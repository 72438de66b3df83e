"""Ends a process in time even if a thread hangs, for which Python would wait."""

import logging
import os
from threading import Timer

log = logging.getLogger(__name__)


def exit_after(seconds: float) -> Timer:
    """Start a timer that ends the process with status 0, unless it is cancelled or the process ends earlier."""
    timer = Timer(seconds, _exit, [seconds])
    timer.daemon = True
    timer.start()
    return timer


def _exit(seconds: float) -> None:
    log.warning("Requests are still running %d seconds after the stop signal: abandoning them.", seconds)
    os._exit(0)
