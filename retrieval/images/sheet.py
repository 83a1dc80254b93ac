"""Contact sheets: queries and their hits as one picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from PIL import Image, ImageDraw, ImageFont

from retrieval.errors import ImageError
from retrieval.images.decode import decode
from retrieval.images.read import read_image

FileFormat: TypeAlias = Literal["PNG", "JPEG"]
TILE, GAP, LABEL, TITLE = 160, 10, 20, 34
PAPER, INK, FAINT = "#ffffff", "#1a1d21", "#6b7280"


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A query and the pictures that it found: each a URI and a short label under it."""

    title: str
    pictures: Sequence[tuple[str, str]]


def contact_sheet(rows: Sequence[SheetRow], *, columns: int = 8, file_format: FileFormat = "PNG") -> bytes:
    """A picture with a titled block for each row, `columns` tiles wide; one that cannot be read leaves a gap."""
    blocks = [-(-max(len(row.pictures), 1) // columns) for row in rows]
    height = GAP + sum(TITLE + lines * (TILE + LABEL + GAP) for lines in blocks)
    sheet = Image.new("RGB", (GAP + columns * (TILE + GAP), height), PAPER)
    draw = ImageDraw.Draw(sheet)
    top = GAP
    for row, lines in zip(rows, blocks, strict=True):
        draw.text((GAP, top + 6), row.title, INK, font=ImageFont.load_default(18))
        top += TITLE
        for place, (uri, label) in enumerate(row.pictures):
            line, column = divmod(place, columns)
            left, upper = GAP + column * (TILE + GAP), top + line * (TILE + LABEL + GAP)
            _place(sheet, uri, left, upper)
            draw.text((left, upper + TILE + 3), label, FAINT, font=ImageFont.load_default(13))
        top += lines * (TILE + LABEL + GAP)
    buffer = io.BytesIO()
    sheet.save(buffer, file_format, optimize=True)
    return buffer.getvalue()


def format_of(path: Path) -> FileFormat:
    """What a file of this name holds: JPEG, or else PNG."""
    return "JPEG" if path.suffix.lower() in (".jpg", ".jpeg") else "PNG"


def _place(sheet: Image.Image, uri: str, left: int, top: int) -> None:
    try:
        decoded = decode(read_image(uri), at_least=TILE)
    except ImageError:
        return
    tile = Image.fromarray(decoded.pixels)
    tile.thumbnail((TILE, TILE), Image.Resampling.LANCZOS)
    sheet.paste(tile, (left + (TILE - tile.width) // 2, top + (TILE - tile.height) // 2))
