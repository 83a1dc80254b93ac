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
from retrieval.demo.palette import INK, PAPER, TONES, Rgb
from retrieval.demo.pen import Drawing, Pen
from retrieval.demo.plants import PLANTS
from retrieval.demo.shapes import SHAPES
from retrieval.demo.vehicles import VEHICLES
from retrieval.demo.world import Colour, Kind

DRAWINGS: dict[Kind, Drawing] = {**ANIMALS, **VEHICLES, **BUILDINGS, **PLANTS, **FOODS, **CLOTHES, **SHAPES}
SUPERSAMPLING = 4
SMALLEST_MASTER = 32
LINE, RIM, SHADOW = 0.014, 0.014, 0.014
"""Widths of the dark line and the pale rim around a thing, and how far its shadow falls, as shares of its side."""

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
    """From below: a soft shadow, a pale rim as of cut paper, a line in the dark tone, the drawing."""
    pen, tones = Pen(side * SUPERSAMPLING), TONES[colour]
    DRAWINGS[kind](pen, tones)
    drawn = pen.image.reduce(2)
    shape = drawn.getchannel("A")
    line, rim = _grown(shape, LINE), _grown(shape, LINE + RIM)
    shadow = ImageChops.offset(rim, 0, round(SHADOW * drawn.width)).filter(
        ImageFilter.GaussianBlur(SHADOW * drawn.width)
    )
    layers = [(INK, shadow.point(lambda a: a * 2 // 5)), (PAPER, rim), (tones.line, line)]
    picture = Image.new("RGBA", drawn.size)
    for ink, mask in layers:
        layer = Image.new("RGBA", drawn.size, ink)
        layer.putalpha(mask)
        picture = Image.alpha_composite(picture, layer)
    return Image.alpha_composite(picture, drawn).reduce(2)


def _grown(shape: Image.Image, width: float) -> Image.Image:
    """The shape with a margin of `width` (share of the side) added all around, its edge smooth."""
    radius = max(width * shape.width, 1.6)
    blurred = shape.filter(ImageFilter.GaussianBlur(radius * 0.8))
    return ImageChops.lighter(shape, blurred.point(lambda a: max(0, min(255, (a - 14) * 6))))


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
