"""A bound on the pictures that several threads hold decoded at a time: a small file may be a large picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, Lock


class PixelRoom:
    """Room for so many pixels. Who finds too little waits, in turn, so that small pictures do not keep out a large one.

    A picture larger than all of it is let in alone.
    """

    def __init__(self, pixels: int) -> None:
        self._pixels = self._free = pixels
        self._turn = Lock()
        self._left = Condition()

    @contextmanager
    def taken(self, pixels: int) -> Iterator[None]:
        """Hold room for a picture."""
        taken = min(pixels, self._pixels)
        with self._turn, self._left:
            self._left.wait_for(lambda: self._free >= taken)
            self._free -= taken
        try:
            yield
        finally:
            with self._left:
                self._free += taken
                self._left.notify()
