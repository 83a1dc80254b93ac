"""Text files with one caption a line, in the three forms in which Flickr8k and Flickr30k are handed on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from indexer.sources.csv_rows import read_cells, read_csv
from indexer.sources.lines import place_of, utf8_lines
from retrieval.errors import SourceError

_TOKEN = re.compile(r"(?P<image>[^\t]+)#(?P<number>[0-9]{1,9})\t(?P<text>.*)")
_PIPES = re.compile(r"(?P<image>[^|]+)\|\s*(?P<number>[0-9]{1,9})(?:\s*\||\s)(?P<text>.*)")
"""The bar before the text may be missing, as it is in one line of Flickr30k's `results.csv`."""

_PIPES_HEADER = re.compile(r"image(_name)?\s*\|\s*comment_number\s*\|\s*comment")
_COMMA_HEADER = "image,caption"


@dataclass(frozen=True, slots=True)
class CaptionLine:
    """A caption of an image; `number` is its own among the image's, None where the file does not count them."""

    line: int
    image: str
    number: int | None
    text: str


_Reader: TypeAlias = Callable[[Path], Iterator[CaptionLine]]


def read_caption_lines(path: Path) -> Iterator[CaptionLine]:
    """Every caption of a file, whose form its first line tells; blank lines are skipped.

    - `NAME.jpg#0<TAB>caption`, without a header;
    - CSV under the header `image,caption`;
    - `NAME.jpg| 0| caption` under the header `image_name| comment_number| comment`, or `image` for `image_name`.

    Raises `SourceError` naming the line that is none.
    """
    return (_reader_for(path) or _read_tokens)(path)


def has_caption_lines(path: Path) -> bool:
    """Whether the first line is one that `read_caption_lines` knows."""
    return _reader_for(path) is not None


def repeats_images(path: Path) -> bool:
    """Whether a .csv file has a row a caption, so that it is no manifest with a row an image.

    That is so under the header with bars, and under `image,caption` where the first two rows name the same image.
    """
    reader = _reader_for(path)
    if reader is _read_commas:
        first = [cells[0] for _, cells in islice(read_cells(path, ","), 1, 3)]
        return len(first) == 2 and first[0] == first[1]
    return reader is _read_pipes


def _reader_for(path: Path) -> _Reader | None:
    first = next((line.strip() for line in utf8_lines(path) if line.strip()), "")
    if _PIPES_HEADER.fullmatch(first):
        return _read_pipes
    if first == _COMMA_HEADER:
        return _read_commas
    return _read_tokens if _TOKEN.fullmatch(first) else None


def _read_tokens(path: Path) -> Iterator[CaptionLine]:
    return _matches(path, _TOKEN, "NAME.jpg#0, a tab and the caption", header=False)


def _read_pipes(path: Path) -> Iterator[CaptionLine]:
    return _matches(path, _PIPES, "NAME.jpg| 0| caption", header=True)


def _read_commas(path: Path) -> Iterator[CaptionLine]:
    for row in read_csv(path, delimiter=",", required=("image", "caption"), is_text=lambda _: True):
        yield CaptionLine(row.line, row.fields["image"], None, row.fields["caption"])


def _matches(path: Path, form: re.Pattern[str], written: str, *, header: bool) -> Iterator[CaptionLine]:
    for number, line in enumerate(utf8_lines(path), start=1):
        if not line.strip():
            continue
        if header:
            header = False
            continue
        match = form.fullmatch(line.rstrip("\r\n"))
        if match is None:
            raise SourceError(f"{place_of(path, number)}: not a caption of an image; write {written}")
        yield CaptionLine(number, match["image"], int(match["number"]), match["text"])
