"""Files that are fetched in parts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def unfinished(target: Path) -> Iterator[BinaryIO]:
    """A file to write that is under its name once it is whole, and gone where it does not come to that."""
    partial = target.with_name(f"{target.name}.part")
    try:
        with partial.open("wb") as file:
            yield file
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
