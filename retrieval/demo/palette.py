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
    "white": Tones((246, 246, 243), (255, 255, 255), (216, 220, 228), (92, 102, 124)),
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
    """A time of day: its sky from top to horizon and its clouds; all other colours are multiplied by `factors`, then
    mixed with `veil` to the share `haze`."""

    time: Time
    sky: tuple[Rgb, ...]
    cloud: Rgb
    factors: tuple[float, float, float] = (1.0, 1.0, 1.0)
    veil: Rgb = (255, 255, 255)
    haze: float = 0.0

    def on(self, colour: Rgb) -> Rgb:
        """A colour of the ground, in this light."""
        red, green, blue = (min(255, round(c * f)) for c, f in zip(colour, self.factors, strict=True))
        return mix((red, green, blue), self.veil, self.haze)


LIGHTS: dict[Time, Light] = {
    "day": Light("day", sky=((118, 182, 236), (166, 210, 244), (226, 240, 247)), cloud=(255, 255, 255)),
    "sunset": Light(
        "sunset",
        sky=((112, 98, 166), (214, 128, 152), (250, 170, 120), (255, 208, 146)),
        cloud=(255, 206, 184),
        factors=(1.0, 0.82, 0.74),
        veil=(250, 170, 140),
        haze=0.1,
    ),
    "night": Light(
        "night",
        sky=((24, 28, 70), (42, 54, 112), (84, 98, 156)),
        cloud=(150, 160, 206),
        factors=(0.54, 0.6, 0.74),
        veil=(46, 62, 140),
        haze=0.2,
    ),
}
