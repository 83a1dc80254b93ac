"""The drawing vocabulary of the demo world: filled shapes on a square of 100 x 100 units, y downwards."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

from PIL import Image, ImageDraw

from retrieval.demo.palette import Rgb, Tones

Point: TypeAlias = tuple[float, float]
UNITS = 100.0
PADDING = 0.07
"""Share of the side that stays free all around, for edges and shadow, and for corners when the square is turned."""


class Pen:
    """Draws on a transparent square of `size` x `size` pixels."""

    def __init__(self, size: int) -> None:
        self.image = Image.new("RGBA", (size, size))
        self._draw = ImageDraw.Draw(self.image)
        self._scale = size * (1 - 2 * PADDING) / UNITS
        self._origin = size * PADDING

    def ellipse(self, x: float, y: float, rx: float, ry: float, fill: Rgb, *, tilt: float = 0.0) -> None:
        """An ellipse around (x, y), turned clockwise by `tilt` degrees."""
        if tilt:
            self.polygon(_turned([(x + rx * c, y + ry * s) for c, s in _CIRCLE], (x, y), tilt), fill)
        else:
            self._draw.ellipse(self._pixels((x - rx, y - ry), (x + rx, y + ry)), fill)

    def circle(self, x: float, y: float, radius: float, fill: Rgb) -> None:
        """A disc around (x, y)."""
        self.ellipse(x, y, radius, radius, fill)

    def polygon(self, points: Sequence[Point], fill: Rgb) -> None:
        """Straight lines through the points, closed."""
        self._draw.polygon(self._pixels(*points), fill)

    def blob(self, points: Sequence[Point], fill: Rgb) -> None:
        """A closed smooth curve through the points (Catmull-Rom spline)."""
        self.polygon(_spline([*points, *points[:3]]), fill)

    def box(self, left: float, top: float, right: float, bottom: float, fill: Rgb, *, radius: float = 0.0) -> None:
        """A rectangle, with rounded corners if asked."""
        corners = self._pixels((left, top), (right, bottom))
        self._draw.rounded_rectangle(corners, radius * self._scale, fill)

    def line(self, points: Sequence[Point], width: float, fill: Rgb) -> None:
        """Straight lines through the points, with round ends and joints."""
        self._draw.line(self._pixels(*points), fill, max(1, round(width * self._scale)), joint="curve")
        for x, y in (points[0], points[-1]):
            self.circle(x, y, width / 2, fill)

    def curve(self, points: Sequence[Point], width: float, fill: Rgb) -> None:
        """A smooth open line through the points, with round ends."""
        first, last = points[0], points[-1]
        self.line(_spline([first, *points, last]), width, fill)

    def _pixels(self, *points: Point) -> list[Point]:
        return [(self._origin + x * self._scale, self._origin + y * self._scale) for x, y in points]


Drawing: TypeAlias = Callable[[Pen, Tones], None]
"""Draws one kind of thing, in the tones of its colour, filling the square up to a small margin."""

_CIRCLE = [(math.cos(2 * math.pi * i / 64), math.sin(2 * math.pi * i / 64)) for i in range(64)]


def mirrored(points: Sequence[Point], axis: float = 50.0) -> list[Point]:
    """The points, and then their mirror images about a vertical axis in reverse: the outline of a symmetric thing."""
    return [*points, *((2 * axis - x, y) for x, y in reversed(points))]


def _turned(points: Sequence[Point], centre: Point, degrees: float) -> list[Point]:
    (x0, y0), c, s = centre, math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return [(x0 + (x - x0) * c - (y - y0) * s, y0 + (x - x0) * s + (y - y0) * c) for x, y in points]


def _spline(points: Sequence[Point], steps: int = 10) -> list[Point]:
    """Points on the Catmull-Rom spline from the second to the last but one."""
    pieces = zip(points, points[1:], points[2:], points[3:], strict=False)
    return [*(_spline_point(*piece, step / steps) for piece in pieces for step in range(steps)), points[-2]]


def _spline_point(before: Point, start: Point, end: Point, after: Point, t: float) -> Point:
    def along(a: float, b: float, c: float, d: float) -> float:
        return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t**3)

    return along(before[0], start[0], end[0], after[0]), along(before[1], start[1], end[1], after[1])
