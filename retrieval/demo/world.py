"""What the demo world is made of: kinds of thing, colours, places and times, each a closed list of names."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from random import Random
from typing import Literal, TypeAlias, TypeVar, get_args

T = TypeVar("T")

Kind: TypeAlias = Literal[
    "cat", "dog", "rabbit", "bird", "fish", "butterfly",
    "car", "bus", "boat", "balloon", "rocket",
    "house", "lighthouse", "tent",
    "tree", "flower", "cactus", "mushroom",
    "apple", "cake", "ice cream",
    "shirt", "dress", "hat", "shoe",
    "circle", "square", "triangle", "star", "heart",
]  # fmt: skip
Colour: TypeAlias = Literal["red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white"]
Size: TypeAlias = Literal["small", "medium", "large"]
Relation: TypeAlias = Literal["left of", "right of", "above", "below"]
Background: TypeAlias = Literal[
    "meadow", "beach", "desert", "snow", "city", "sea", "forest", "mountains", "sky", "studio"
]
Time: TypeAlias = Literal["day", "sunset", "night"]
Split: TypeAlias = Literal["train", "held-out"]

KINDS: tuple[Kind, ...] = get_args(Kind)
COLOURS: tuple[Colour, ...] = get_args(Colour)
SIZES: tuple[Size, ...] = get_args(Size)
RELATIONS: tuple[Relation, ...] = get_args(Relation)
BACKGROUNDS: tuple[Background, ...] = get_args(Background)
TIMES: tuple[Time, ...] = get_args(Time)
SPLITS: tuple[Split, ...] = get_args(Split)

HELD_OUT_SHARE = 0.10
"""Share of the (kind, colour, background) triples that only the held-out split shows."""


def digest(*parts: object) -> int:
    """A 64-bit number that depends on the parts alone: the same in every process, on every machine."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


@cache
def is_held_out(kind: Kind, colour: Colour, background: Background) -> bool:
    """Whether this combination is kept from the train split."""
    return digest("held-out", kind, colour, background) < HELD_OUT_SHARE * 2**64


def pick(rng: Random, options: Sequence[T]) -> T:
    """One option, each as likely. Uses only `Random.random`, whose sequence Python promises to keep."""
    return options[int(rng.random() * len(options))]


def pick_weighted(rng: Random, options: Sequence[T], weights: Sequence[float]) -> T:
    """One option, as likely as its weight says."""
    left = rng.random() * sum(weights)
    for option, weight in zip(options, weights, strict=True):
        left -= weight
        if left < 0:
            return option
    return options[-1]


def between(rng: Random, low: float, high: float) -> float:
    """A number between low and high, uniformly."""
    return low + (high - low) * rng.random()
