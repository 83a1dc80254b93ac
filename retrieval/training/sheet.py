"""Queries with their hits as one picture."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from retrieval.training.heldout import HeldOut, best

HITS = 6
SIDE, GAP, TEXT_WIDTH = 92, 6, 300
PAPER, INK, RIGHT, MISSED = (255, 255, 255), (30, 30, 30), (30, 150, 70), (190, 50, 40)


def twenty(held: HeldOut, *, seed: int) -> list[int]:
    """Fourteen captions drawn at random, then six drawn from those whose own picture is not found first."""
    rng = np.random.default_rng(seed)
    anyhow = rng.choice(len(held.captions), size=14, replace=False)
    missed = np.setdiff1d(np.flatnonzero(held.ranks.images > 1), anyhow)
    return [*anyhow.tolist(), *rng.choice(missed, size=min(6, len(missed)), replace=False).tolist()]


def contact_sheet(held: HeldOut, queries: Sequence[int], *, columns: int = 2) -> Image.Image:
    """A row a query: its caption, the rank of its own picture, and the first six hits; the own picture is framed.

    `queries` are numbers of captions.
    """
    rows = -(-len(queries) // columns)
    width = TEXT_WIDTH + HITS * (SIDE + GAP) + 2 * GAP
    sheet = Image.new("RGB", (columns * width, rows * (SIDE + GAP) + GAP), PAPER)
    for place, query in enumerate(queries):
        column, row = divmod(place, rows)
        _draw_row(sheet, held, query, column * width + GAP, GAP + row * (SIDE + GAP))
    return sheet


def _draw_row(sheet: Image.Image, held: HeldOut, query: int, x: int, y: int) -> None:
    own, place = held.ranks.owners[query], int(held.ranks.images[query])
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(13)
    words = "\n".join(textwrap.wrap(held.captions[query], 42))
    pen.multiline_text((x, y + 4), words, INK, font=font, spacing=3)
    pen.text((x, y + SIDE - 18), f"own picture at rank {place}", RIGHT if place == 1 else MISSED, font=font)
    for slot, number in enumerate(best(held, query, HITS)):
        left = x + TEXT_WIDTH + slot * (SIDE + GAP)
        sheet.paste(Image.fromarray(held.pictures[number]).resize((SIDE, SIDE), Image.Resampling.LANCZOS), (left, y))
        if number == own:
            pen.rectangle((left - 2, y - 2, left + SIDE + 1, y + SIDE + 1), outline=RIGHT, width=3)
