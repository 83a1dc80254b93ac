"""A scene as a picture: the backdrop, a soft shadow under each thing, and the things."""

from __future__ import annotations

from random import Random

from PIL import Image

from retrieval.demo.backdrop import VARIANTS, backdrop
from retrieval.demo.layout import Box, layout
from retrieval.demo.palette import LIGHTS, Rgb, mix
from retrieval.demo.scene import Group, Scene
from retrieval.demo.sprites import sprite
from retrieval.demo.world import Time, between, digest
from retrieval.errors import InputError

SMALLEST, LARGEST = 16, 2048
MAX_TILT = 6.0
LIGHT_ON_THINGS = 0.2
"""How much of the hour's light falls on things: little, so that their colours stay what captions call them."""


def render(scene: Scene, size: int) -> Image.Image:
    """The picture of a scene: RGB, `size` x `size` pixels (16..2048), the same bytes for the same scene.

    Raises `InputError` for a size out of range.
    """
    if not SMALLEST <= size <= LARGEST:
        raise InputError(f"picture size {size} is out of range: choose {SMALLEST} to {LARGEST} pixels")
    rng = Random(digest("render", scene.seed))
    image = _background(rng, scene, size)
    for group, boxes in zip(scene.groups, layout(scene), strict=True):
        tint = _tint(rng, scene.time)
        flipped = rng.random() < 0.5
        for box in boxes:
            _draw(rng, image, group, box, tint=tint, flipped=flipped)
    return image


def _background(rng: Random, scene: Scene, size: int) -> Image.Image:
    painted = backdrop(scene.background, scene.time, size=size, variant=int(rng.random() * VARIANTS))
    if rng.random() < 0.5:
        return painted.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return painted.copy()


def _draw(rng: Random, image: Image.Image, group: Group, box: Box, *, tint: Rgb, flipped: bool) -> None:
    side = box.width * image.width
    tilt = between(rng, -MAX_TILT, MAX_TILT)
    thing = sprite(group.kind, group.colour, side=side, tilt=tilt, flipped=flipped, tint=tint)
    x = round((box.left + box.right) / 2 * image.width - thing.width / 2)
    y = round((box.top + box.bottom) / 2 * image.height - thing.height / 2)
    image.paste(thing, (x, y), thing)


def _tint(rng: Random, time: Time) -> Rgb:
    """A shade of its own for each group, and a touch of the hour's light."""
    level = 255 - 4 * int(rng.random() * 5)
    return mix((level, level, level), LIGHTS[time].on((level, level, level)), LIGHT_ON_THINGS)
