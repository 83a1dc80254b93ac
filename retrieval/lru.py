"""A cache of what was used last."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Generic, Protocol, TypeVar


class Sized(Protocol):
    """What tells its size in bytes."""

    @property
    def nbytes(self) -> int:
        """Bytes held at present; may grow."""


Key = TypeVar("Key")
Value = TypeVar("Value", bound=Sized)


class LruCache(Generic[Key, Value]):
    """Up to `most` values of up to `most_bytes` in all; what was used longest ago goes first. Safe in several threads.

    A value that grows is measured again whenever it is used.
    """

    def __init__(self, *, most: int, most_bytes: int) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key) -> Value | None:
        """The value of a key, None if it is not kept."""
        with self._lock:
            value = self._take(key)
            if value is not None:
                self._keep(key, value)
            return value

    def put(self, key: Key, value: Value) -> None:
        """Keep a value, as the one used last."""
        with self._lock:
            self._take(key)
            self._keep(key, value)

    def _take(self, key: Key) -> Value | None:
        if key not in self._kept:
            return None
        value, size = self._kept.pop(key)
        self._bytes -= size
        return value

    def _keep(self, key: Key, value: Value) -> None:
        size = value.nbytes
        self._kept[key] = value, size
        self._bytes += size
        while len(self._kept) > self._most or self._bytes > self._most_bytes:
            _, (_, gone) = self._kept.popitem(last=False)
            self._bytes -= gone
