"""Tree, flower, cactus and mushroom."""

from __future__ import annotations

import math

from retrieval.demo.palette import LEAF, PAPER, WOOD, Tones
from retrieval.demo.pen import Drawing, Pen
from retrieval.demo.world import Kind

POT = (196, 112, 76)
EYE = (250, 206, 70)


def draw_tree(pen: Pen, tones: Tones) -> None:
    """A round crown in its colour on a trunk."""
    pen.polygon([(44, 60), (56, 60), (60, 96), (40, 96)], WOOD)
    pen.line([(50, 70), (64, 56)], 4, WOOD)
    for x, y, radius in ((28, 46, 22), (72, 46, 22), (50, 58, 17)):
        pen.circle(x, y, radius, tones.dark)
    for x, y, radius in ((50, 27, 24), (32, 40, 20), (68, 40, 20), (50, 46, 20)):
        pen.circle(x, y, radius, tones.base)
    for x, y, radius in ((42, 20, 8), (28, 36, 6), (60, 32, 7), (44, 44, 5)):
        pen.circle(x, y, radius, tones.light)


def draw_flower(pen: Pen, tones: Tones) -> None:
    """Eight petals around a yellow eye, with stem and leaves."""
    pen.curve([(50, 40), (52, 70), (50, 97)], 4.5, LEAF)
    pen.ellipse(36, 80, 14, 5.5, LEAF, tilt=25)
    pen.ellipse(65, 84, 14, 5.5, LEAF, tilt=-25)
    for number in range(8):
        angle = number * 45
        x, y = 50 + 22 * math.cos(math.radians(angle)), 34 + 22 * math.sin(math.radians(angle))
        pen.ellipse(x, y, 15, 9.5, tones.base if number % 2 else tones.light, tilt=angle)
    pen.circle(50, 34, 11, tones.dark)
    pen.circle(50, 34, 8.5, EYE)


def draw_cactus(pen: Pen, tones: Tones) -> None:
    """A column with two arms, in a pot."""
    pen.curve([(46, 58), (24, 56), (21, 50), (21, 34)], 13, tones.dark)
    pen.curve([(54, 50), (76, 48), (79, 42), (79, 26)], 13, tones.dark)
    pen.box(38, 4, 62, 84, tones.base, radius=12)
    for x in (44.5, 50, 55.5):
        pen.line([(x, 14), (x, 74)], 1.5, tones.light if x == 50 else tones.dark)
    for x, y in ((41, 24), (59, 36), (41, 48), (59, 62), (21, 42), (79, 34)):
        pen.circle(x, y, 1.5, PAPER)
    pen.polygon([(30, 76), (70, 76), (65, 97), (35, 97)], POT)
    pen.box(27, 72, 73, 80, POT, radius=2)


def draw_mushroom(pen: Pen, tones: Tones) -> None:
    """A wide cap with pale dots on a pale stem."""
    pen.blob([(40, 52), (60, 52), (61, 74), (66, 94), (50, 97), (34, 94), (39, 74)], (240, 228, 206))
    pen.ellipse(50, 56, 30, 6, (206, 188, 162))
    pen.blob(
        [(4, 52), (10, 26), (32, 7), (50, 4), (68, 7), (90, 26), (96, 52), (74, 60), (50, 61), (26, 60)], tones.base
    )
    pen.blob(
        [(5, 50), (28, 55), (50, 56), (72, 55), (95, 50), (94, 55), (74, 61), (50, 62), (26, 61), (6, 55)], tones.dark
    )
    for x, y, radius in ((34, 24, 6.5), (58, 17, 5.5), (76, 34, 6.5), (53, 38, 6.5), (22, 42, 5)):
        pen.ellipse(x, y, radius, radius * 0.85, PAPER if tones.base[2] < 240 else tones.dark)


PLANTS: dict[Kind, Drawing] = {
    "tree": draw_tree,
    "flower": draw_flower,
    "cactus": draw_cactus,
    "mushroom": draw_mushroom,
}
