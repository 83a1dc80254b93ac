"""Apple, cake and ice cream."""

from __future__ import annotations

from retrieval.demo.palette import LEAF, PAPER, WAFFLE, WOOD, Tones
from retrieval.demo.pen import Drawing, Pen
from retrieval.demo.world import Kind

FLAME = (255, 190, 70)


def draw_apple(pen: Pen, tones: Tones) -> None:
    """With a stalk and one leaf."""
    pen.blob(
        [
            (50, 30),
            (32, 21),
            (12, 34),
            (8, 58),
            (24, 88),
            (40, 96),
            (50, 92),
            (60, 96),
            (76, 88),
            (92, 58),
            (88, 34),
            (68, 21),
        ],
        tones.base,
    )
    pen.blob([(60, 95), (80, 80), (91, 56), (86, 36), (78, 62), (66, 82)], tones.dark)
    pen.ellipse(28, 46, 7, 12, tones.light, tilt=25)
    pen.curve([(50, 33), (50, 20), (55, 7)], 4.2, WOOD)
    pen.blob([(54, 20), (66, 6), (84, 6), (74, 20)], LEAF)


def draw_cake(pen: Pen, tones: Tones) -> None:
    """Two tiers of icing with three candles."""
    for x in (36, 50, 64):
        pen.box(x - 2, 14, x + 2, 34, PAPER, radius=1)
        pen.ellipse(x, 9, 2.8, 5.2, FLAME)
    pen.box(3, 90, 97, 96, (206, 210, 220), radius=3)
    pen.box(9, 60, 91, 91, tones.base, radius=5)
    pen.box(25, 32, 75, 62, tones.base, radius=5)
    for left, right, top in ((25, 75, 32), (9, 91, 60)):
        _icing(pen, left, right, top, tones)
    pen.box(9, 82, 91, 91, tones.dark, radius=3)


def draw_ice_cream(pen: Pen, tones: Tones) -> None:
    """Two scoops in a waffle cone."""
    pen.polygon([(27, 54), (73, 54), (50, 98)], WAFFLE)
    for shift in (-14, 0, 14):
        pen.line([(50 + shift - 8, 58), (50 + shift * 0.4 + 6, 82)], 1.6, (186, 132, 68))
        pen.line([(50 + shift + 8, 58), (50 + shift * 0.4 - 6, 82)], 1.6, (186, 132, 68))
    pen.circle(50, 25, 21, tones.base)
    pen.circle(42, 17, 6, tones.light)
    pen.circle(50, 45, 25, tones.base)
    pen.blob(
        [
            (25, 44),
            (32, 50),
            (42, 47),
            (50, 51),
            (59, 47),
            (68, 50),
            (75, 44),
            (76, 56),
            (66, 62),
            (58, 58),
            (50, 64),
            (42, 58),
            (34, 62),
            (24, 56),
        ],
        tones.dark,
    )
    pen.circle(38, 38, 5, tones.light)


def _icing(pen: Pen, left: float, right: float, top: float, tones: Tones) -> None:
    """A lighter rim that drips."""
    pen.box(left, top, right, top + 8, tones.light, radius=4)
    drops = int((right - left) // 10)
    step = (right - left) / drops
    for number in range(drops):
        pen.ellipse(left + (number + 0.5) * step, top + 8, step * 0.42, 3 + 3 * (number % 2), tones.light)


FOODS: dict[Kind, Drawing] = {"apple": draw_apple, "cake": draw_cake, "ice cream": draw_ice_cream}
