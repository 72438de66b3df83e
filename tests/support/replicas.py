"""Processes that do the same at once, as replicas of a service do."""

import multiprocessing
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from types import ModuleType

import pytest


@contextmanager
def replicas(count: int) -> Iterator[ProcessPoolExecutor]:
    """Start processes that share nothing with this one but files, and end them."""
    with pytest.MonkeyPatch.context() as patch:
        # A new process runs its parent's main module first; after Streamlit's tests, that is a page of the dashboard.
        patch.setitem(sys.modules, "__main__", ModuleType("__main__"))
        with ProcessPoolExecutor(count, multiprocessing.get_context("spawn")) as pool:
            yield pool
