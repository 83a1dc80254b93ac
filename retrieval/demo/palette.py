"""Colours: the tones of each named colour, and the light of each time of day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from retrieval.demo.world import Colour, Time

Rgb: TypeAlias = tuple[int, int, int]


def mix(first: Rgb, second: Rgb, share: float) -> Rgb:
    """`share` (0..1) of the second colour in the first."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


@dataclass(frozen=True, slots=True)
class Tones:
    """One named colour: `base` fills, `light` and `dark` model it, `line` draws in it and edges it."""

    base: Rgb
    light: Rgb
    dark: Rgb
    line: Rgb


TONES: dict[Colour, Tones] = {
    "red": Tones((214, 40, 44), (233, 78, 72), (176, 26, 38), (112, 14, 26)),
    "orange": Tones((244, 130, 24), (252, 160, 66), (214, 104, 12), (140, 62, 4)),
    "yellow": Tones((250, 208, 40), (255, 228, 104), (226, 174, 18), (148, 104, 6)),
    "green": Tones((44, 158, 66), (86, 190, 98), (28, 124, 52), (10, 74, 32)),
    "blue": Tones((40, 98, 214), (84, 140, 238), (28, 72, 172), (14, 38, 104)),
    "purple": Tones((126, 62, 184), (158, 102, 212), (98, 42, 150), (56, 20, 94)),
    "pink": Tones((246, 134, 178), (252, 170, 202), (228, 100, 152), (150, 46, 92)),
    "brown": Tones((126, 78, 44), (158, 108, 70), (98, 58, 32), (58, 32, 16)),
    "black": Tones((40, 41, 48), (74, 76, 88), (24, 24, 30), (148, 152, 166)),
    "white": Tones((246, 246, 243), (255, 255, 255), (216, 220, 228), (122, 130, 146)),
}

INK: Rgb = (38, 36, 44)
PAPER: Rgb = (252, 250, 244)
GLASS: Rgb = (190, 222, 240)
STEEL: Rgb = (128, 134, 146)
WOOD: Rgb = (140, 98, 62)
LEAF: Rgb = (92, 150, 72)
WAFFLE: Rgb = (222, 172, 104)
BLUSH: Rgb = (240, 150, 150)


@dataclass(frozen=True, slots=True)
class Light:
    """What a time of day does to a picture: the sky from top to horizon, and the share of `shade` in all the rest."""

    sky: tuple[Rgb, Rgb, Rgb]
    shade: Rgb
    strength: float

    def on(self, colour: Rgb) -> Rgb:
        """A colour of the ground, in this light."""
        return mix(colour, self.shade, self.strength)


LIGHTS: dict[Time, Light] = {
    "day": Light(((116, 178, 232), (164, 208, 242), (222, 238, 246)), (255, 255, 255), 0.0),
    "sunset": Light(((108, 92, 158), (226, 130, 134), (252, 202, 140)), (196, 104, 96), 0.34),
    "night": Light(((26, 30, 72), (44, 54, 108), (78, 92, 148)), (34, 44, 96), 0.62),
}
