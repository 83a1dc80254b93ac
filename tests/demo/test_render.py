import colorsys
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from retrieval.demo.backdrop import VARIANTS, backdrop
from retrieval.demo.cache import PictureCache
from retrieval.demo.layout import layout
from retrieval.demo.render import render
from retrieval.demo.scene import Group, Scene, sample_scene
from retrieval.demo.sprites import master_sprite, sprite
from retrieval.demo.world import BACKGROUNDS, COLOURS, KINDS, TIMES
from retrieval.errors import InputError

HUES = {"red": 0.0, "orange": 29, "yellow": 47, "green": 132, "blue": 219, "purple": 270, "pink": 334}


def colour_name(rgb):
    """What a person would call it, by hue, saturation and brightness alone."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(channel / 255 for channel in rgb))
    if saturation < 0.24:
        return "white" if value > 0.62 else "black" if value < 0.42 else "grey"
    if value < 0.26:
        return "black"
    name = min(HUES, key=lambda named: min(abs(HUES[named] - hue * 360), 360 - abs(HUES[named] - hue * 360)))
    if name == "orange" and value < 0.7:
        return "brown"
    return name


def shares(pixels):
    """For each colour name, the share of the pixels, uint8 (n, 3), that it fits."""
    coarse = pixels // 8 * 8 + 4
    names = Counter(colour_name(rgb) for rgb in map(tuple, coarse.tolist()))
    return {name: count / len(pixels) for name, count in names.items()}


def one(kind, colour, background="studio", time="day", *, count=1, size="large", seed=0):
    return Scene((Group(kind, colour, count, size),), None, background, time, seed)


def changed(scene, other, size=96):
    """Which pixels differ between the pictures of two scenes: bool (size, size)."""
    first, second = (np.asarray(render(each, size), dtype=int) for each in (scene, other))
    return np.abs(first - second).max(axis=-1) > 24


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_mainly_of_its_colour(kind):
    for colour in COLOURS:
        pixels = np.asarray(sprite(kind, colour, side=48, tilt=0, flipped=False, tint=(255, 255, 255)))
        opaque = pixels[pixels[..., 3] == 255][:, :3]
        assert shares(opaque).get(colour, 0) > 0.5, colour


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("background", BACKGROUNDS)
def test_colours_keep_their_names_in_every_place_and_light(background, time):
    for number, colour in enumerate(COLOURS):
        kind = KINDS[(number * 7) % len(KINDS)]
        scene = one(kind, colour, background, time, seed=number)
        other = one(kind, COLOURS[number - 1], background, time, seed=number)
        picture = np.asarray(render(scene, 96))[changed(scene, other)]
        assert shares(picture).get(colour, 0) > 0.55, (kind, colour)


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("background", BACKGROUNDS)
def test_things_stand_out_from_the_background(background, time):
    for colour in COLOURS:
        thing = np.asarray(render(one("circle", colour, background, time, seed=3), 96), dtype=int)
        box = layout(one("circle", colour, background, time, seed=3))[0][0]
        row = round((box.top + box.bottom) / 2 * 96)
        across = thing[row, round(box.left * 96) : round(box.left * 96) + 9]
        assert np.ptp(across, axis=0).max() > 40, colour


@given(st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_there_is_a_thing_in_every_square_and_none_elsewhere(index):
    scene = sample_scene(11, index)
    recoloured = [replace(group, colour="blue" if group.colour != "blue" else "red") for group in scene.groups]
    mask = changed(scene, replace(scene, groups=tuple(recoloured)))
    for box in (box for boxes in layout(scene) for box in boxes):
        inside = (
            slice(max(0, round(box.top * 96) - 1), round(box.bottom * 96) + 1),
            slice(max(0, round(box.left * 96) - 1), round(box.right * 96) + 1),
        )
        assert mask[inside].mean() > 0.1
        mask[inside] = False
    assert not mask.any()


@pytest.mark.parametrize("kind", KINDS)
def test_a_tilted_thing_is_not_cut_off(kind):
    for tilt in (-6, 6):
        alpha = np.asarray(sprite(kind, "red", side=64, tilt=tilt, flipped=False, tint=(255, 255, 255)))[..., 3]
        assert max(edge.max() for edge in (alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1])) < 60


def test_kinds_look_different_from_one_another():
    looks = [np.asarray(master_sprite(kind, "red", 32), dtype=int)[..., 3] for kind in KINDS]
    nearest = min(np.abs(a - b).mean() for i, a in enumerate(looks) for b in looks[:i])
    assert nearest > 8


@pytest.mark.parametrize("size", [33, 96, 320])
def test_pictures_are_rgb_of_the_asked_size_and_always_the_same(size):
    picture = render(sample_scene(7, 5), size)
    assert (picture.mode, picture.size) == ("RGB", (size, size))
    assert picture.tobytes() == render(sample_scene(7, 5), size).tobytes()


def test_drawing_leaves_the_cached_background_as_it_was():
    before = [backdrop("meadow", "day", size=64, variant=v).tobytes() for v in range(VARIANTS)]
    for seed in range(20):
        render(one("cat", "red", "meadow", "day", seed=seed), 64)
    assert before == [backdrop("meadow", "day", size=64, variant=v).tobytes() for v in range(VARIANTS)]


def test_a_larger_picture_shows_the_same():
    scene = sample_scene(7, 12)
    small, large = render(scene, 96), render(scene, 384).resize((96, 96), Image.Resampling.BOX)
    assert np.abs(np.asarray(small, dtype=int) - np.asarray(large, dtype=int)).mean() < 6


@pytest.mark.parametrize("size", [0, 15, 4096])
def test_sizes_out_of_range_are_refused(size):
    with pytest.raises(InputError, match=str(size)):
        render(sample_scene(7, 0), size)


def test_the_cache_keeps_to_its_memory():
    cache = PictureCache(limit=3 * 16 * 16 * 2)
    made = []

    def get(key):
        return cache.get(key, lambda: made.append(key) or Image.new("RGB", (16, 16)))

    for key in "abacab":
        get(key)
    assert made == ["a", "b", "c", "b"]
