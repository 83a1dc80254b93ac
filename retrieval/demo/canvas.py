"""What landscapes are painted with: gradients, ridges, soft light and small strokes on a square."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from retrieval.demo.palette import Light, Rgb
from retrieval.demo.world import between

Spot: TypeAlias = tuple[float, float]
Pixel: TypeAlias = tuple[int, int]
Ellipse: TypeAlias = tuple[float, float, float, float]
"""Centre x and y, half width, half height."""


class Canvas:
    """An RGB square to paint on. Places and lengths are shares of its side, y downwards; colours are taken as given."""

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
        self.image.paste(Image.fromarray(column).resize((self.size, len(at)), Image.Resampling.NEAREST), (0, first))

    def ridge(self, crest: Sequence[float], colour: Rgb) -> None:
        """Everything below a line whose heights (y) are given from left to right, evenly spaced."""
        last = len(crest) - 1
        self.polygon([(0, 1), *((i / last, y) for i, y in enumerate(crest)), (1, 1)], colour)

    def waves(self, y: float, height: float, *, speed: float = 1.0) -> list[float]:
        """A gently rolling line around `y`, at most `height` up and down, for `ridge`."""
        phases = [between(self.rng, 0, 2 * math.pi) for _ in range(3)]
        steps = [i / 64 for i in range(65)]
        parts = ((0.55, 4.0), (0.3, 9.0), (0.15, 17.0))
        return [
            y + height * sum(a * math.sin(f * speed * x + p) for (a, f), p in zip(parts, phases, strict=True))
            for x in steps
        ]

    def polygon(self, points: Sequence[Spot], colour: Rgb) -> None:
        """A filled polygon."""
        self._draw.polygon(self._pixels(points), colour)

    def box(self, left: float, top: float, right: float, bottom: float, colour: Rgb) -> None:
        """A filled rectangle."""
        self._draw.rectangle(self._pixels([(left, top), (right, bottom)]), colour)

    def line(self, points: Sequence[Spot], width: float, colour: Rgb) -> None:
        """Straight lines through the points."""
        self._draw.line(self._pixels(points), colour, max(1, round(width * self.size)), joint="curve")

    def dot(self, x: float, y: float, radius: float, colour: Rgb) -> None:
        """A small disc."""
        self._draw.ellipse(self._pixels([(x - radius, y - radius), (x + radius, y + radius)]), colour)

    def soft(self, ellipses: Sequence[Ellipse], colour: Rgb, *, opacity: float, blur: float) -> None:
        """Ellipses, together as one translucent shape with a soft edge: clouds, haze, pools of light."""
        extent = (
            (min(x - rx for x, _, rx, _ in ellipses), min(y - ry for _, y, _, ry in ellipses)),
            (max(x + rx for x, _, rx, _ in ellipses), max(y + ry for _, y, _, ry in ellipses)),
        )
        mask, origin = self._mask(extent, blur)
        for x, y, rx, ry in ellipses:
            corners = self._pixels([(x - rx, y - ry), (x + rx, y + ry)], origin)
            ImageDraw.Draw(mask).ellipse(corners, round(255 * opacity))
        self._paint_through(mask, origin, colour, blur)

    def beam(self, points: Sequence[Spot], colour: Rgb, *, opacity: float, blur: float) -> None:
        """A translucent polygon with a soft edge."""
        xs, ys = zip(*points, strict=True)
        mask, origin = self._mask(((min(xs), min(ys)), (max(xs), max(ys))), blur)
        ImageDraw.Draw(mask).polygon(self._pixels(points, origin), round(255 * opacity))
        self._paint_through(mask, origin, colour, blur)

    def glow(self, x: float, y: float, radius: float, colour: Rgb, *, opacity: float) -> None:
        """Light that fades out towards `radius`."""
        mask, (left, top) = self._mask(((x - radius, y - radius), (x + radius, y + radius)), 0.0)
        rows, columns = np.ogrid[: mask.height, : mask.width]
        distance = np.hypot(columns + left + 0.5 - x * self.size, rows + top + 0.5 - y * self.size)
        fading = np.clip(1 - distance / (radius * self.size), 0, 1) ** 2
        self.image.paste(colour, (left, top), Image.fromarray((fading * 255 * opacity).astype(np.uint8)))

    def _mask(self, extent: tuple[Spot, Spot], blur: float) -> tuple[Image.Image, Pixel]:
        """An empty mask that covers what of an area (and of its blurred edge) lies on the canvas, and its origin."""
        (left, top), (right, bottom) = extent
        margin = 3 * blur
        x0, y0 = (max(0, math.floor((v - margin) * self.size)) for v in (left, top))
        x1, y1 = (min(self.size, math.ceil((v + margin) * self.size)) for v in (right, bottom))
        return Image.new("L", (max(1, x1 - x0), max(1, y1 - y0))), (x0, y0)

    def _paint_through(self, mask: Image.Image, origin: Pixel, colour: Rgb, blur: float) -> None:
        self.image.paste(colour, origin, mask.filter(ImageFilter.GaussianBlur(blur * self.size)))

    @property
    def _draw(self) -> ImageDraw.ImageDraw:
        return ImageDraw.Draw(self.image)

    def _pixels(self, points: Sequence[Spot], origin: Pixel = (0, 0)) -> list[Spot]:
        return [(x * self.size - origin[0], y * self.size - origin[1]) for x, y in points]
