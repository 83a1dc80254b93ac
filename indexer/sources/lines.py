"""Lines of a text file, decoded strictly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from retrieval.errors import SourceError

_BYTE_ORDER_MARK = "\ufeff"


def place_of(path: Path, line: int) -> str:
    """A line of a file in words."""
    return f"{path}, line {line}"


def utf8_lines(path: Path) -> Iterator[str]:
    """Every line with its end, without a byte order mark. Raises `SourceError` naming a line that is not UTF-8."""
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                line = _decoded(raw, path, number)
                yield line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror})") from error


def _decoded(raw: bytes, path: Path, number: int) -> str:
    try:
        line = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"{place_of(path, number)}: not UTF-8 text (byte {error.start + 1} of the line); save it as UTF-8"
        raise SourceError(message) from error
    if "\0" in line:
        raise SourceError(f"{place_of(path, number)}: contains a NUL character; save it as UTF-8 text")
    return line
