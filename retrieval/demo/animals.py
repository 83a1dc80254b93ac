"""Cat, dog, rabbit, bird, fish and butterfly."""

from __future__ import annotations

from retrieval.demo.palette import BLUSH, INK, PAPER, Tones
from retrieval.demo.pen import Drawing, Pen, mirrored
from retrieval.demo.world import Kind


def draw_cat(pen: Pen, tones: Tones) -> None:
    """Sitting, seen from the front, the tail to one side."""
    pen.curve([(66, 88), (86, 88), (92, 70), (84, 56)], 9, tones.dark)
    pen.blob(mirrored([(38, 52), (27, 76), (28, 93), (50, 95)]), tones.base)
    pen.ellipse(50, 76, 11, 15, tones.light)
    for side in (-1, 1):
        pen.ellipse(50 + side * 12, 92, 9, 4.5, tones.dark)
        pen.polygon([(50 + side * 4, 18), (50 + side * 27, 3), (50 + side * 29, 36)], tones.base)
        pen.polygon([(50 + side * 12, 18), (50 + side * 23, 11), (50 + side * 24, 27)], BLUSH)
    pen.ellipse(50, 36, 30, 24, tones.base)
    for side in (-1, 1):
        pen.line([(50 + side * 18, 42), (50 + side * 36, 39)], 1.4, tones.line)
        pen.line([(50 + side * 18, 45), (50 + side * 35, 49)], 1.4, tones.line)
    _face(pen, 50, 35, apart=12, radius=4.4)
    pen.polygon([(46, 42), (54, 42), (50, 46.5)], BLUSH)


def draw_dog(pen: Pen, tones: Tones) -> None:
    """Standing, seen from the side, looking ahead."""
    pen.curve([(16, 52), (7, 42), (8, 28)], 8, tones.base)
    for x in (18, 33, 56, 69):
        pen.box(x, 66, x + 10, 95, tones.dark if x in (33, 56) else tones.base, radius=4)
    pen.blob([(14, 50), (30, 43), (62, 44), (79, 50), (80, 68), (62, 75), (30, 74), (14, 68)], tones.base)
    pen.blob([(58, 60), (60, 22), (70, 11), (84, 14), (88, 30), (86, 52), (80, 62)], tones.base)
    pen.blob([(78, 26), (94, 27), (97, 36), (90, 42), (76, 41)], tones.light)
    pen.ellipse(95, 28, 4, 3.4, INK)
    pen.blob([(62, 14), (70, 12), (71, 32), (64, 46), (55, 40), (56, 24)], tones.dark)
    _eye(pen, 80, 22, 3.4)
    pen.line([(63, 52), (82, 55)], 4.5, tones.line)


def draw_rabbit(pen: Pen, tones: Tones) -> None:
    """Sitting, seen from the front, with long ears."""
    for side in (-1, 1):
        pen.ellipse(50 + side * 13, 23, 8.5, 21, tones.base, tilt=side * 10)
        pen.ellipse(50 + side * 13, 24, 4, 15, BLUSH, tilt=side * 10)
    pen.blob(mirrored([(36, 62), (25, 80), (30, 94), (50, 96)]), tones.base)
    pen.ellipse(50, 82, 12, 11, tones.light)
    for side in (-1, 1):
        pen.ellipse(50 + side * 17, 93, 11, 4.5, tones.dark)
    pen.ellipse(50, 52, 24, 20, tones.base)
    _face(pen, 50, 49, apart=10, radius=3.8)
    pen.ellipse(50, 56, 3.4, 2.6, BLUSH)
    pen.box(46.6, 60, 53.4, 66, PAPER, radius=1)


def draw_bird(pen: Pen, tones: Tones) -> None:
    """In profile, the wing raised a little."""
    pen.polygon([(26, 56), (3, 42), (4, 66)], tones.dark)
    for x in (48, 58):
        pen.line([(x, 78), (x + 1, 92), (x + 8, 92)], 2.6, (214, 140, 50))
    pen.polygon([(86, 32), (98, 38), (86, 43)], (244, 176, 56))
    pen.blob(
        [(16, 54), (34, 42), (56, 38), (62, 22), (76, 17), (88, 26), (88, 44), (78, 68), (56, 81), (32, 76)], tones.base
    )
    pen.blob([(56, 76), (78, 60), (80, 52), (66, 60), (48, 70)], tones.light)
    pen.blob([(20, 50), (40, 44), (58, 50), (58, 62), (42, 70), (28, 62)], tones.dark)
    _eye(pen, 77, 30, 3.6)


def draw_fish(pen: Pen, tones: Tones) -> None:
    """In profile, looking ahead."""
    pen.blob([(34, 50), (10, 22), (3, 30), (12, 50), (3, 70), (10, 78)], tones.dark)
    pen.blob([(38, 34), (50, 14), (70, 22), (70, 36)], tones.dark)
    pen.blob([(46, 68), (50, 84), (62, 80), (64, 66)], tones.dark)
    pen.blob([(22, 50), (42, 28), (70, 26), (92, 42), (96, 50), (90, 60), (70, 74), (42, 72)], tones.base)
    pen.blob([(44, 66), (68, 70), (88, 60), (70, 62), (48, 60)], tones.light)
    for x in (42, 53):
        pen.curve([(x, 38), (x + 6, 50), (x, 62)], 2.4, tones.dark)
    pen.circle(80, 44, 6, PAPER)
    pen.circle(81, 44, 3.4, INK)


def draw_butterfly(pen: Pen, tones: Tones) -> None:
    """From above, wings spread."""
    for side in (-1, 1):
        pen.blob(
            [(50, 56), (50 + side * 34, 58), (50 + side * 38, 78), (50 + side * 24, 92), (50 + side * 8, 78)],
            tones.dark,
        )
        pen.blob(
            [(50, 54), (50 + side * 12, 24), (50 + side * 36, 6), (50 + side * 46, 20), (50 + side * 40, 48)],
            tones.base,
        )
        pen.circle(50 + side * 31, 26, 7, tones.light)
        pen.circle(50 + side * 25, 74, 5.5, tones.light)
        pen.curve([(50, 28), (50 + side * 5, 14), (50 + side * 12, 8)], 2, INK)
    pen.ellipse(50, 54, 4.2, 27, INK)


def _face(pen: Pen, x: float, y: float, *, apart: float, radius: float) -> None:
    """Two eyes, level."""
    for side in (-1, 1):
        _eye(pen, x + side * apart, y, radius)


def _eye(pen: Pen, x: float, y: float, radius: float) -> None:
    """Dark, with a glint, and with a pale rim that shows it on black too."""
    pen.circle(x, y, radius + 1.1, PAPER)
    pen.circle(x, y, radius, INK)
    pen.circle(x + radius * 0.3, y - radius * 0.35, radius * 0.35, PAPER)


ANIMALS: dict[Kind, Drawing] = {
    "cat": draw_cat,
    "dog": draw_dog,
    "rabbit": draw_rabbit,
    "bird": draw_bird,
    "fish": draw_fish,
    "butterfly": draw_butterfly,
}
