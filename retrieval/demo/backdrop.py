"""Where a scene plays: ten places in three lights, painted behind the things."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageDraw

from retrieval.demo.cache import PictureCache
from retrieval.demo.palette import LIGHTS, Light, Rgb
from retrieval.demo.world import Background, Time, between, digest

VARIANTS = 5
SUPERSAMPLING = 2
_backdrops = PictureCache(64 * 2**20)


def backdrop(background: Background, time: Time, *, size: int, variant: int) -> Image.Image:
    """A place at a time as RGB, `size` x `size`; variant 0..VARIANTS-1 places hills, clouds and the like."""
    key = (background, time, size, variant)
    return _backdrops.get(key, lambda: _painted(background, time, size, variant))


def _painted(background: Background, time: Time, size: int, variant: int) -> Image.Image:
    canvas = Canvas(size * SUPERSAMPLING, LIGHTS[time], Random(digest("backdrop", background, time, variant)))
    PLACES[background](canvas)
    return canvas.image.reduce(SUPERSAMPLING)


class Canvas:
    """A square to paint a landscape on; places are in shares of its side."""

    def __init__(self, size: int, light: Light, rng: Random) -> None:
        self.image = Image.new("RGB", (size, size))
        self.size = size
        self.light = light
        self.rng = rng

    def gradient(self, top: float, bottom: float, *colours: Rgb) -> None:
        """Colours that pass into one another from top to bottom."""
        first, last = round(top * self.size), round(bottom * self.size)
        at = np.linspace(0, len(colours) - 1, max(1, last - first))
        channels = [np.interp(at, range(len(colours)), [colour[i] for colour in colours]) for i in range(3)]
        column = np.stack(channels, axis=-1)[:, None, :].round().astype(np.uint8)
        strip = Image.fromarray(column).resize((self.size, max(1, last - first)), Image.Resampling.NEAREST)
        self.image.paste(strip, (0, first))

    def ridge(self, base: float, height: float, colour: Rgb, *, rough: float = 0.0) -> None:
        """A line of hills whose crests lie up to `height` above `base`, filled down to the bottom edge."""
        x = np.linspace(0, 1, 65)
        phase = [between(self.rng, 0, 6.28) for _ in range(3)]
        wave = 0.5 + 0.28 * np.sin(5 * x + phase[0]) + 0.16 * np.sin(11 * x + phase[1])
        if rough:
            wave += rough * np.array([self.rng.random() - 0.5 for _ in x])
        points = [(float(a), base - height * float(b)) for a, b in zip(x, wave, strict=True)]
        self.polygon([(0, 1), *points, (1, 1)], colour)

    def polygon(self, points: list[tuple[float, float]], colour: Rgb) -> None:
        """A filled polygon."""
        ImageDraw.Draw(self.image).polygon([(x * self.size, y * self.size) for x, y in points], colour)

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: Rgb) -> None:
        """A filled ellipse."""
        corners = [(x - rx) * self.size, (y - ry) * self.size, (x + rx) * self.size, (y + ry) * self.size]
        ImageDraw.Draw(self.image).ellipse(corners, colour)


Place: TypeAlias = Callable[[Canvas], None]


def _sky(canvas: Canvas, horizon: float) -> None:
    canvas.gradient(0, horizon, *canvas.light.sky)
    canvas.gradient(horizon, 1, canvas.light.sky[2])


def _ground(canvas: Canvas, horizon: float, far: Rgb, near: Rgb) -> None:
    canvas.gradient(horizon, 1, canvas.light.on(far), canvas.light.on(near))


def _simple(far: Rgb, near: Rgb, horizon: float = 0.5) -> Place:
    def paint(canvas: Canvas) -> None:
        _sky(canvas, horizon)
        _ground(canvas, horizon, far, near)

    return paint


PLACES: dict[Background, Place] = {
    "meadow": _simple((186, 214, 130), (150, 194, 96)),
    "beach": _simple((244, 226, 180), (236, 210, 154)),
    "desert": _simple((236, 196, 136), (222, 168, 104)),
    "snow": _simple((236, 242, 250), (218, 228, 242)),
    "city": _simple((176, 178, 188), (150, 152, 164)),
    "sea": _simple((120, 186, 214), (70, 142, 184)),
    "forest": _simple((120, 160, 110), (110, 140, 90)),
    "mountains": _simple((150, 160, 180), (150, 180, 140)),
    "sky": _simple((210, 230, 246), (236, 244, 250)),
    "studio": _simple((226, 224, 222), (210, 206, 204)),
}
