"""Arrays that grow at the end while others read what is there already."""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)


class Growing(Generic[Scalar]):
    """A one-dimensional array with amortised append.

    Values are written behind the end of every view handed out, or into a new buffer, and never change afterwards: a
    view stays valid and constant, in any thread.
    """

    def __init__(self, dtype: type[Scalar]) -> None:
        self._buffer: NDArray[Scalar] = np.empty(0, dtype=dtype)
        self._length = 0

    def extend(self, values: NDArray[Scalar]) -> None:
        """Append `values`, shape (n,)."""
        end = self._length + len(values)
        if end > len(self._buffer):
            larger = np.empty(max(end, self._length * 3 // 2), dtype=self._buffer.dtype)
            larger[: self._length] = self.view()
            self._buffer = larger
        self._buffer[self._length : end] = values
        self._length = end

    def view(self) -> NDArray[Scalar]:
        """Read-only view of what has been appended so far, shape (length,)."""
        view = self._buffer[: self._length]
        view.flags.writeable = False
        return view

    @property
    def nbytes(self) -> int:
        """Bytes of the buffer, room to grow included."""
        return self._buffer.nbytes
