"""A scene: one or two groups of like things, a place and a time. Picture and captions both follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from retrieval.demo.world import (
    BACKGROUNDS,
    COLOURS,
    KINDS,
    RELATIONS,
    SIZES,
    SPLITS,
    TIMES,
    Background,
    Colour,
    Kind,
    Relation,
    Size,
    Split,
    Time,
    digest,
    is_held_out,
    pick,
    pick_weighted,
)
from retrieval.errors import InputError

MAX_COUNT = 4
COUNT_WEIGHTS = (40, 25, 20, 15)
TWO_GROUPS_SHARE = 0.55
LARGEST_COUNT_OF_TWO: dict[Size, int] = {"small": 4, "medium": 3, "large": 2}
"""In a scene of two groups: the most things of a size that half a picture has room for."""


@dataclass(frozen=True, slots=True)
class Group:
    """`count` (1..4) things that are alike."""

    kind: Kind
    colour: Colour
    count: int
    size: Size


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture of the demo world, before it is drawn.

    `groups` holds the main group and perhaps a second one, of another kind; `relation` then says where the main group
    is, seen from the second ("left of": the main group is left of the second), and is None otherwise. `seed` settles
    what no caption mentions: exact positions, tilt, shades, and the wording of the captions themselves.
    """

    groups: tuple[Group, ...]
    relation: Relation | None
    background: Background
    time: Time
    seed: int

    @property
    def main(self) -> Group:
        """The group that the scene is about."""
        return self.groups[0]

    @property
    def second(self) -> Group | None:
        """The other group, where there is one."""
        return self.groups[1] if len(self.groups) > 1 else None


def sample_scene(seed: int, index: int, *, split: Split = "train") -> Scene:
    """Scene number `index` (from 0) of the endless stream that `seed` and `split` name; the same on every machine.

    A train scene holds none of the held-out (kind, colour, background) triples; the main group of a held-out scene is
    one of them. Raises `InputError` for an unknown split or a negative index.
    """
    if split not in SPLITS:
        raise InputError(f"unknown split {split!r}: use one of {', '.join(SPLITS)}")
    if index < 0:
        raise InputError(f"scene index {index} is negative: scenes are counted from 0")
    rng = Random(digest("scene", seed, index, split))
    background, main = _main_group(rng, held_out=split == "held-out")
    time = pick(rng, TIMES)
    details = digest("details", seed, index, split)
    if rng.random() >= TWO_GROUPS_SHARE:
        return Scene((main,), None, background, time, details)
    second = _second_group(rng, main.kind, background, may_be_held_out=split == "held-out")
    return Scene((_resized(rng, main), _resized(rng, second)), pick(rng, RELATIONS), background, time, details)


def _main_group(rng: Random, *, held_out: bool) -> tuple[Background, Group]:
    while True:
        background, kind, colour = pick(rng, BACKGROUNDS), pick(rng, KINDS), pick(rng, COLOURS)
        if is_held_out(kind, colour, background) is held_out:
            return background, Group(kind, colour, _count(rng), pick(rng, SIZES))


def _second_group(rng: Random, main: Kind, background: Background, *, may_be_held_out: bool) -> Group:
    while True:
        kind, colour = pick(rng, KINDS), pick(rng, COLOURS)
        if kind != main and (may_be_held_out or not is_held_out(kind, colour, background)):
            return Group(kind, colour, _count(rng), pick(rng, SIZES))


def _count(rng: Random) -> int:
    return pick_weighted(rng, range(1, MAX_COUNT + 1), COUNT_WEIGHTS)


def _resized(rng: Random, group: Group) -> Group:
    """The same group in a size of which half a picture can hold as many."""
    sizes = [size for size in SIZES if group.count <= LARGEST_COUNT_OF_TWO[size]]
    size = group.size if group.size in sizes else pick(rng, sizes)
    return Group(group.kind, group.colour, group.count, size)
