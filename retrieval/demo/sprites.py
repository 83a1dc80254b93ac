"""Things as transparent pictures: drawn once at a few sizes, then turned, scaled and lit for each use."""

from __future__ import annotations

import math
from functools import lru_cache

from PIL import Image, ImageChops, ImageFilter

from retrieval.demo.animals import ANIMALS
from retrieval.demo.buildings import BUILDINGS
from retrieval.demo.cache import PictureCache
from retrieval.demo.clothes import CLOTHES
from retrieval.demo.foods import FOODS
from retrieval.demo.palette import TONES, Rgb
from retrieval.demo.pen import Drawing, Pen
from retrieval.demo.plants import PLANTS
from retrieval.demo.shapes import SHAPES
from retrieval.demo.vehicles import VEHICLES
from retrieval.demo.world import Colour, Kind

DRAWINGS: dict[Kind, Drawing] = {**ANIMALS, **VEHICLES, **BUILDINGS, **PLANTS, **FOODS, **CLOTHES, **SHAPES}
SUPERSAMPLING = 4
SMALLEST_MASTER = 32
EDGE = 0.014
"""Width of the line around a thing, as a share of its side."""

_masters = PictureCache(64 * 2**20)


def sprite(kind: Kind, colour: Colour, *, side: float, tilt: float, flipped: bool, tint: Rgb) -> Image.Image:
    """One thing as RGBA, a square of ceil(side) pixels with the thing turned by `tilt` degrees about its centre.

    `tint` multiplies the colours (255 leaves a channel as it is).
    """
    master = master_sprite(kind, colour, _master_side(side))
    pixels = math.ceil(side)
    placed = master.transform(
        (pixels, pixels),
        Image.Transform.AFFINE,
        _inverse(master.width, pixels, side, tilt, flipped),
        Image.Resampling.BICUBIC,
    )
    return placed.point(_tint_table(tint)) if tint != (255, 255, 255) else placed


def master_sprite(kind: Kind, colour: Colour, side: int) -> Image.Image:
    """One thing as RGBA of `side` x `side` pixels, upright, edged so that it stands out from any background."""
    return _masters.get((kind, colour, side), lambda: _drawn(kind, colour, side))


def _drawn(kind: Kind, colour: Colour, side: int) -> Image.Image:
    pen, tones = Pen(side * SUPERSAMPLING), TONES[colour]
    DRAWINGS[kind](pen, tones)
    drawn = pen.image.reduce(2)
    width = max(EDGE * drawn.width, 1.4)
    alpha = drawn.getchannel("A").filter(ImageFilter.GaussianBlur(width)).point(lambda a: min(255, a * 6))
    edged = Image.new("RGBA", drawn.size, tones.line)
    edged.putalpha(ImageChops.lighter(alpha, drawn.getchannel("A")))
    return Image.alpha_composite(edged, drawn).reduce(2)


def _master_side(side: float) -> int:
    """The smallest size on hand that is at least as large: no master is scaled down by more than a half."""
    return max(SMALLEST_MASTER, 1 << math.ceil(math.log2(side)))


def _inverse(master: int, pixels: int, side: float, tilt: float, flipped: bool) -> tuple[float, ...]:
    """Affine coefficients from a pixel of the result to one of the master."""
    scale, angle = master / side, math.radians(tilt)
    c, s = math.cos(angle) * scale, math.sin(angle) * scale
    a, b, d, e = (-c if flipped else c), (-s if flipped else s), -s, c
    centre, middle = pixels / 2, master / 2
    return a, b, middle - (a + b) * centre, d, e, middle - (d + e) * centre


@lru_cache(maxsize=256)
def _tint_table(tint: Rgb) -> list[int]:
    factors = (*tint, 255)
    return [round(value * factor / 255) for factor in factors for value in range(256)]
