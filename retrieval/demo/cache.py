"""A cache of pictures that forgets the least recently used ones when they fill its memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock

from PIL import Image


class PictureCache:
    """Keeps up to `limit` bytes of pixels. Safe to use from several threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._bytes = 0
        self._pictures: OrderedDict[Hashable, Image.Image] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Image.Image]) -> Image.Image:
        """The picture of that key, made if it is not there. Callers must not draw on it."""
        with self._lock:
            if key in self._pictures:
                self._pictures.move_to_end(key)
                return self._pictures[key]
        picture = make()
        with self._lock:
            if key not in self._pictures:
                self._pictures[key] = picture
                self._bytes += _bytes(picture)
            while self._bytes > self._limit and len(self._pictures) > 1:
                _, oldest = self._pictures.popitem(last=False)
                self._bytes -= _bytes(oldest)
        return picture


def _bytes(picture: Image.Image) -> int:
    return picture.width * picture.height * len(picture.getbands())
