"""Circle, square, triangle, star and heart."""

from __future__ import annotations

import math

from retrieval.demo.palette import Tones
from retrieval.demo.pen import Drawing, Pen, mirrored
from retrieval.demo.world import Kind


def draw_circle(pen: Pen, tones: Tones) -> None:
    """A disc."""
    pen.circle(50, 50, 45, tones.dark)
    pen.circle(48.5, 48.5, 42, tones.base)


def draw_square(pen: Pen, tones: Tones) -> None:
    """A square with slightly rounded corners."""
    pen.box(8, 8, 92, 92, tones.dark, radius=5)
    pen.box(8, 8, 88, 88, tones.base, radius=5)


def draw_triangle(pen: Pen, tones: Tones) -> None:
    """An upright triangle."""
    pen.polygon([(50, 5), (96, 91), (4, 91)], tones.dark)
    pen.polygon([(49, 10), (88, 86), (8, 88)], tones.base)


def draw_star(pen: Pen, tones: Tones) -> None:
    """Five points, each with a lit and a shaded side."""
    points = [_spoke(number, 48 if number % 2 == 0 else 20) for number in range(10)]
    pen.polygon(points, tones.base)
    for number in range(0, 10, 2):
        pen.polygon([points[number], points[(number + 1) % 10], (50, 53)], tones.dark)


def draw_heart(pen: Pen, tones: Tones) -> None:
    """A heart with a glint."""
    outline = mirrored([(50, 25), (38, 10), (20, 8), (6, 24), (8, 44), (26, 70), (49, 94)])
    pen.blob(outline, tones.base)
    pen.blob([(50, 94), (72, 72), (92, 44), (93, 26), (86, 44), (70, 66)], tones.dark)
    pen.ellipse(24, 28, 6, 10, tones.light, tilt=35)


def _spoke(number: int, radius: float) -> tuple[float, float]:
    angle = math.radians(number * 36 - 90)
    return 50 + radius * math.cos(angle), 53 + radius * math.sin(angle)


SHAPES: dict[Kind, Drawing] = {
    "circle": draw_circle,
    "square": draw_square,
    "triangle": draw_triangle,
    "star": draw_star,
    "heart": draw_heart,
}
