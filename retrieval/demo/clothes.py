"""Shirt, dress, hat and shoe."""

from __future__ import annotations

from retrieval.demo.palette import PAPER, Tones
from retrieval.demo.pen import Drawing, Pen, mirrored
from retrieval.demo.world import Kind


def draw_shirt(pen: Pen, tones: Tones) -> None:
    """A T-shirt with short sleeves, laid flat."""
    for side in (-1, 1):
        pen.polygon(
            [(50 + side * 20, 10), (50 + side * 47, 30), (50 + side * 37, 47), (50 + side * 20, 36)], tones.dark
        )
    pen.polygon(mirrored([(38, 9), (24, 12), (24, 94)]), tones.base)
    pen.ellipse(50, 9, 13, 9, tones.line)
    pen.ellipse(50, 7.5, 11, 7.5, tones.dark)
    pen.box(56, 40, 68, 53, tones.light, radius=2)
    pen.line([(27, 89), (73, 89)], 1.6, tones.dark)


def draw_dress(pen: Pen, tones: Tones) -> None:
    """A sleeveless dress with a wide skirt and a belt."""
    for side in (-1, 1):
        pen.line([(50 + side * 12, 20), (50 + side * 10, 5)], 5, tones.base)
    pen.blob(mirrored([(40, 18), (33, 20), (37, 34), (38, 46), (40, 48)]), tones.base)
    pen.blob(
        [(38, 46), (30, 64), (8, 90), (20, 95), (35, 92), (50, 96), (65, 92), (80, 95), (92, 90), (70, 64), (62, 46)],
        tones.base,
    )
    for x, foot in ((44, 32), (50, 50), (56, 68)):
        pen.line([(x, 52), (foot, 90)], 1.8, tones.dark)
    pen.box(36, 44, 64, 51, tones.dark, radius=3)
    pen.circle(50, 47.5, 3, tones.light)


def draw_hat(pen: Pen, tones: Tones) -> None:
    """A hat with a wide brim and a dark band."""
    pen.ellipse(50, 74, 47, 14, tones.dark)
    pen.ellipse(50, 71, 47, 13, tones.base)
    pen.blob(
        [(24, 72), (25, 40), (32, 22), (44, 24), (50, 27), (56, 24), (68, 22), (75, 40), (76, 72), (50, 80)], tones.base
    )
    pen.blob([(24, 60), (50, 68), (76, 60), (76, 72), (50, 80), (24, 72)], tones.line)
    pen.ellipse(36, 40, 4, 12, tones.light, tilt=8)


def draw_shoe(pen: Pen, tones: Tones) -> None:
    """A trainer in profile with laces and a pale sole."""
    pen.blob(
        [
            (7, 30),
            (16, 24),
            (24, 30),
            (38, 28),
            (46, 26),
            (58, 44),
            (82, 54),
            (96, 66),
            (95, 78),
            (50, 80),
            (6, 78),
            (4, 54),
        ],
        tones.base,
    )
    pen.blob([(72, 54), (84, 55), (96, 66), (95, 78), (72, 78), (66, 66)], tones.dark)
    pen.blob([(6, 50), (20, 54), (22, 78), (6, 78)], tones.dark)
    pen.box(3, 74, 97, 85, PAPER, radius=5)
    pen.line([(5, 84), (95, 84)], 2.4, (150, 154, 164))
    for step in range(4):
        x, y = 45 + step * 6, 34 + step * 5.4
        pen.line([(x, y), (x - 9, y + 6)], 2.4, PAPER if tones.base[2] < 240 else tones.line)
    pen.curve([(26, 66), (38, 68), (56, 60)], 3, tones.light)


CLOTHES: dict[Kind, Drawing] = {"shirt": draw_shirt, "dress": draw_dress, "hat": draw_hat, "shoe": draw_shoe}
