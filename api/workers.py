"""Where work runs that would block the event loop."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar, TypeVarTuple

from anyio import CapacityLimiter, to_thread

WRITERS = 4
"""Collections that are written to at a time."""

T = TypeVar("T")
Args = TypeVarTuple("Args")


class Workers:
    """Lanes: several threads for decoding, searching and SQL; a few for texts before the encoder; one for pictures
    before the encoder; one for loading models; a few for commits, which wait for one another and for other processes
    that write.

    Every thread that calls an encoder has a pool of native threads of its own, and these fight for the cores. So texts
    share the cores out: two calls at a time with half of them each encode more than one call with all, above all where
    searches want cores too, and one text alone hardly gains from a second core. A picture is encoded by all cores. For
    the same reason a search runs on its thread alone. Loading is apart so that a model that takes long to load holds up
    neither searches with another nor the threads of the first lane.
    """

    def __init__(self, threads: int, *, encoder_threads: int, text_lanes: int) -> None:
        """`encoder_threads` are the native threads of an encoder; `text_lanes` calls for texts share them."""
        self._threads = ThreadPoolExecutor(threads, "worker", initializer=_search_alone)
        share = max(1, encoder_threads // text_lanes)
        self._texts = ThreadPoolExecutor(text_lanes, "texts", initializer=_encode_with, initargs=(share,))
        self._images = ThreadPoolExecutor(1, "images", initializer=_encode_with, initargs=(encoder_threads,))
        self._loader = CapacityLimiter(1)
        self._writers = ThreadPoolExecutor(WRITERS, "writer", initializer=_search_alone)

    async def run(self, work: Callable[[*Args], T], *args: *Args) -> T:
        """Decode, search or read the database. Cancelled before its turn, it is not done."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, copy_context().run, work, *args)

    async def load(self, work: Callable[[*Args], T], *args: *Args) -> T:
        """Load a model; one at a time."""
        return await to_thread.run_sync(work, *args, limiter=self._loader)

    async def encode_texts(self, work: Callable[[*Args], T], *args: *Args) -> T:
        """Run an encoder's text tower; a few calls at a time, always on the same threads."""
        return await asyncio.get_running_loop().run_in_executor(self._texts, work, *args)

    async def encode_images(self, work: Callable[[*Args], T], *args: *Args) -> T:
        """Run an encoder's image tower; one call at a time, always on the same thread."""
        return await asyncio.get_running_loop().run_in_executor(self._images, work, *args)

    async def write(self, work: Callable[[*Args], T], *args: *Args) -> T:
        """Commit, or merge what was committed."""
        return await asyncio.get_running_loop().run_in_executor(self._writers, copy_context().run, work, *args)

    def close(self) -> None:
        """Finish what the threads are at, and nothing more."""
        self._texts.shutdown(cancel_futures=True)
        self._images.shutdown(cancel_futures=True)
        self._threads.shutdown(cancel_futures=True)
        self._writers.shutdown(cancel_futures=True)


def _search_alone() -> None:
    from retrieval.index.faiss_wheel import faiss

    faiss.omp_set_num_threads(1)  # of this thread: OpenMP counts for each by itself


def _encode_with(threads: int) -> None:
    if torch := sys.modules.get("torch"):  # some encoder brought it: this runs before the first call of one
        torch.get_num_threads()  # or torch sets the number itself in the thread's first call, to what was set last
        torch.set_num_threads(threads)
