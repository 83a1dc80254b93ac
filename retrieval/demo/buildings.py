"""House, lighthouse and tent."""

from __future__ import annotations

from retrieval.demo.palette import GLASS, INK, PAPER, STEEL, WOOD, Tones
from retrieval.demo.pen import Drawing, Pen
from retrieval.demo.world import Kind

LAMP = (255, 226, 120)


def draw_house(pen: Pen, tones: Tones) -> None:
    """A cottage: walls in its colour, a darker roof."""
    pen.box(66, 12, 77, 36, tones.dark)
    pen.box(64, 10, 79, 15, tones.line, radius=1)
    pen.box(14, 44, 86, 95, tones.base)
    pen.polygon([(50, 8), (97, 48), (3, 48)], tones.dark)
    pen.line([(4, 48), (50, 9), (96, 48)], 4, tones.line)
    pen.box(41, 64, 59, 95, WOOD, radius=3)
    pen.circle(55, 80, 1.8, LAMP)
    for x in (20, 66):
        pen.box(x, 58, x + 14, 74, PAPER, radius=1.5)
        pen.box(x + 1.8, 59.8, x + 12.2, 72.2, GLASS)
        pen.line([(x + 7, 59), (x + 7, 73)], 1.4, PAPER)
        pen.line([(x + 1, 66), (x + 13, 66)], 1.4, PAPER)


def draw_lighthouse(pen: Pen, tones: Tones) -> None:
    """A tall tower with two pale bands and a lamp."""
    pen.polygon([(37, 30), (63, 30), (73, 95), (27, 95)], tones.base)
    pen.polygon([(55, 30), (63, 30), (73, 95), (60, 95)], tones.dark)
    for top in (46, 70):
        wide, wider = 13 + (top - 30) * 0.154, 13 + (top - 22) * 0.154
        pen.polygon([(50 - wide, top), (50 + wide, top), (50 + wider, top + 8), (50 - wider, top + 8)], tones.light)
    pen.box(41, 14, 59, 28, LAMP)
    pen.line([(47, 14), (47, 28)], 1.4, STEEL)
    pen.line([(53, 14), (53, 28)], 1.4, STEEL)
    pen.polygon([(50, 2), (63, 15), (37, 15)], tones.dark)
    pen.box(32, 27, 68, 32, tones.line, radius=1.5)
    pen.box(44, 81, 56, 95, WOOD, radius=4)
    pen.box(46.5, 57, 53.5, 66, INK, radius=3)


def draw_tent(pen: Pen, tones: Tones) -> None:
    """A ridge tent with an open door."""
    for side in (-1, 1):
        pen.line([(50 + side * 40, 84), (50 + side * 47, 92)], 2, STEEL)
    pen.line([(50, 6), (50, 20)], 3, WOOD)
    pen.polygon([(50, 14), (95, 90), (5, 90)], tones.base)
    pen.polygon([(50, 14), (95, 90), (74, 90)], tones.dark)
    pen.polygon([(50, 14), (28, 90), (5, 90)], tones.light)
    pen.polygon([(50, 36), (66, 90), (34, 90)], INK)
    pen.polygon([(50, 36), (46, 68), (34, 90), (28, 90)], tones.dark)
    pen.polygon([(50, 36), (54, 68), (66, 90), (72, 90)], tones.line)


BUILDINGS: dict[Kind, Drawing] = {"house": draw_house, "lighthouse": draw_lighthouse, "tent": draw_tent}
