"""Where the things of a scene are: squares that do not overlap and that keep what the scene says of sides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from retrieval.demo.scene import Group, Scene
from retrieval.demo.world import Kind, Size, between, digest, pick

SIDES: dict[Size, float] = {"small": 0.17, "medium": 0.255, "large": 0.39}
"""Side of a thing's square, as a share of the picture's: each size half as large again as the one before."""

FLYING: frozenset[Kind] = frozenset({"bird", "butterfly", "balloon", "rocket", "star", "heart", "circle"})
"""Kinds that look at home in the upper part of a picture."""

MARGIN = 0.025
ROWS_OF_COUNT: dict[int, tuple[tuple[int, ...], ...]] = {
    1: ((1,),),
    2: ((2,), (1, 1)),
    3: ((3,), (1, 1, 1), (1, 2), (2, 1)),
    4: ((2, 2), (4,), (1, 1, 1, 1), (1, 2, 1)),
}
"""Ways to set out so many things: how many in each row, from the top."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in shares of the picture's side, x to the right and y down, all in [0, 1]."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Horizontal extent."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Vertical extent."""
        return self.bottom - self.top


WHOLE = Box(MARGIN, MARGIN, 1 - MARGIN, 1 - MARGIN)


def layout(scene: Scene) -> tuple[tuple[Box, ...], ...]:
    """One square for each thing of each group, in the order of `scene.groups`.

    No two squares overlap, and every square of the main group lies wholly on its side of every square of the second.
    """
    rng = Random(digest("layout", scene.seed))
    regions = _regions(scene)
    return tuple(tuple(_place(rng, group, region)) for group, region in zip(scene.groups, regions, strict=True))


def _regions(scene: Scene) -> tuple[Box, ...]:
    if scene.relation is None:
        return (WHOLE,)
    low, high = MARGIN, 1 - MARGIN
    if scene.relation in ("left of", "right of"):
        halves = Box(low, low, 0.5, high), Box(0.5, low, high, high)
    else:
        halves = Box(low, low, high, 0.5), Box(low, 0.5, high, high)
    return halves if scene.relation in ("left of", "above") else halves[::-1]


def _place(rng: Random, group: Group, region: Box) -> Iterator[Box]:
    side = SIDES[group.size]
    rows = pick(rng, [rows for rows in ROWS_OF_COUNT[group.count] if _fits(rows, side, region)])
    slack = region.height - side * len(rows)
    lift = _lift(rng, group.kind)
    gap = between(rng, 0.1, 0.8) * slack / len(rows)
    top = region.top + (slack - gap * (len(rows) - 1)) * lift
    for row, length in enumerate(rows):
        yield from _row(rng, length, side, region, top + row * (side + gap), gap)


def _fits(rows: tuple[int, ...], side: float, region: Box) -> bool:
    return max(rows) * side <= region.width and len(rows) * side <= region.height


def _lift(rng: Random, kind: Kind) -> float:
    """Where between the top (0) and the bottom (1) of its region a group hovers or stands."""
    return between(rng, 0.0, 0.6) if kind in FLYING else between(rng, 0.6, 1.0)


def _row(rng: Random, length: int, side: float, region: Box, top: float, gap: float) -> Iterator[Box]:
    """Things of one row, each somewhere in its own share of the width and up to half a gap lower than the row."""
    share = region.width / length
    for place in range(length):
        left = region.left + place * share + between(rng, 0.0, share - side)
        y = min(top + between(rng, 0.0, gap / 2), region.bottom - side)
        yield Box(left, y, left + side, y + side)
