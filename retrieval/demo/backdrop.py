"""Where a scene plays: ten places in three lights, painted behind the things."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from PIL import Image

from retrieval.demo.cache import PictureCache
from retrieval.demo.canvas import Canvas
from retrieval.demo.enclosed_places import paint_city, paint_forest, paint_studio
from retrieval.demo.open_places import (
    paint_beach,
    paint_desert,
    paint_heights,
    paint_meadow,
    paint_mountains,
    paint_sea,
    paint_snow,
)
from retrieval.demo.palette import LIGHTS
from retrieval.demo.world import Background, Time, digest

VARIANTS = 6
SUPERSAMPLING = 2
PAINTERS: dict[Background, Callable[[Canvas], None]] = {
    "meadow": paint_meadow,
    "beach": paint_beach,
    "desert": paint_desert,
    "snow": paint_snow,
    "city": paint_city,
    "sea": paint_sea,
    "forest": paint_forest,
    "mountains": paint_mountains,
    "sky": paint_heights,
    "studio": paint_studio,
}

_backdrops = PictureCache(64 * 2**20)


def backdrop(background: Background, time: Time, *, size: int, variant: int) -> Image.Image:
    """A place at a time as RGB, `size` x `size`; variant 0..VARIANTS-1 places hills, clouds and the like.

    The picture is shared: copy it before drawing on it.
    """
    key = (background, time, size, variant)
    return _backdrops.get(key, lambda: _painted(background, time, size, variant))


def _painted(background: Background, time: Time, size: int, variant: int) -> Image.Image:
    canvas = Canvas(size * SUPERSAMPLING, LIGHTS[time], Random(digest("backdrop", background, variant)))
    PAINTERS[background](canvas)
    return canvas.image.reduce(SUPERSAMPLING)
