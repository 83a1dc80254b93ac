"""Car, bus, sailing boat, hot-air balloon and rocket."""

from __future__ import annotations

from retrieval.demo.palette import GLASS, INK, PAPER, STEEL, WOOD, Tones
from retrieval.demo.pen import Drawing, Pen, mirrored
from retrieval.demo.world import Kind


def draw_car(pen: Pen, tones: Tones) -> None:
    """A small car in profile."""
    pen.blob([(22, 48), (30, 26), (44, 22), (62, 22), (76, 32), (84, 48)], tones.base)
    pen.polygon([(30, 46), (36, 30), (50, 29), (50, 46)], GLASS)
    pen.polygon([(54, 46), (54, 29), (64, 30), (75, 46)], GLASS)
    pen.box(4, 45, 96, 73, tones.base, radius=10)
    pen.box(4, 61, 96, 73, tones.dark, radius=6)
    pen.box(89, 50, 96, 57, (255, 232, 150), radius=3)
    pen.line([(52, 48), (52, 64)], 1.4, tones.line)
    pen.line([(56, 52), (62, 52)], 2, tones.line)
    for x in (25, 75):
        _wheel(pen, x, 73, 12.5)


def draw_bus(pen: Pen, tones: Tones) -> None:
    """A long bus with a row of windows."""
    pen.box(3, 20, 97, 78, tones.base, radius=8)
    pen.box(3, 60, 97, 78, tones.dark, radius=6)
    pen.box(7, 22, 93, 25, tones.light, radius=1.5)
    for x in (9, 26, 43, 60):
        pen.box(x, 31, x + 13.5, 48, GLASS, radius=2.5)
    pen.box(77, 31, 94, 70, GLASS, radius=2.5)
    pen.line([(85.5, 31), (85.5, 70)], 1.6, tones.line)
    for x in (24, 66):
        _wheel(pen, x, 78, 10.5)


def draw_boat(pen: Pen, tones: Tones) -> None:
    """A sailing boat: hull and sails in its colour."""
    pen.line([(50, 6), (50, 74)], 3, WOOD)
    pen.blob([(47, 10), (47, 10), (40, 42), (12, 66), (10, 66), (47, 66)], tones.light)
    pen.blob([(53, 6), (53, 6), (72, 34), (90, 66), (90, 66), (53, 66)], tones.base)
    pen.polygon([(4, 72), (96, 72), (82, 92), (76, 94), (24, 94), (18, 92)], tones.base)
    pen.polygon([(12, 84), (88, 84), (82, 92), (76, 94), (24, 94), (18, 92)], tones.dark)
    pen.line([(7, 74), (93, 74)], 2.4, tones.line)


def draw_balloon(pen: Pen, tones: Tones) -> None:
    """A hot-air balloon with its basket."""
    for x in (40, 60):
        pen.line([(x - (50 - x) * 0.9, 62), (x, 82)], 1.6, INK)
    outline = mirrored([(50, 3), (24, 12), (13, 36), (24, 58), (41, 73)])
    pen.blob(outline, tones.base)
    pen.blob(mirrored([(50, 3), (40, 16), (36, 38), (40, 58), (46, 73)]), tones.light)
    pen.blob(mirrored([(50, 3), (47, 18), (45.5, 38), (47, 58), (48.5, 73)]), tones.base)
    pen.box(40, 71, 60, 75, tones.dark, radius=2)
    pen.box(39, 82, 61, 97, WOOD, radius=3)
    pen.line([(40, 85), (60, 85)], 3, (176, 130, 86))


def draw_rocket(pen: Pen, tones: Tones) -> None:
    """A rocket going up, with a flame."""
    pen.blob([(42, 78), (50, 99), (58, 78)], (250, 170, 50))
    pen.blob([(46, 78), (50, 91), (54, 78)], (255, 232, 140))
    for side in (-1, 1):
        pen.polygon(
            [(50 + side * 14, 50), (50 + side * 33, 72), (50 + side * 31, 86), (50 + side * 13, 76)], tones.dark
        )
    pen.blob(mirrored([(50, 2), (36, 20), (31, 46), (36, 80)]), tones.base)
    pen.blob([(50, 4), (58, 20), (60, 46), (56, 80), (64, 80), (69, 46), (63, 20)], tones.dark)
    pen.box(36, 76, 64, 82, STEEL, radius=2)
    pen.circle(50, 38, 10, PAPER)
    pen.circle(50, 38, 7.5, GLASS)


def _wheel(pen: Pen, x: float, y: float, radius: float) -> None:
    pen.circle(x, y, radius, INK)
    pen.circle(x, y, radius * 0.5, (198, 202, 210))
    pen.circle(x, y, radius * 0.2, STEEL)


VEHICLES: dict[Kind, Drawing] = {
    "car": draw_car,
    "bus": draw_bus,
    "boat": draw_boat,
    "balloon": draw_balloon,
    "rocket": draw_rocket,
}
