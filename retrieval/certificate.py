"""What recall a generation delivers, as measured when it was published: the ground on which searches are planned.

For each modality of query and each selectivity of filter there is a curve: recall@10 and recall@100 against exact
search over ef_search, with 95 % intervals, and what a search costs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

Modality: TypeAlias = Literal["text", "image"]

LEAST_TARGET, MOST_TARGET = 0.5, 0.999
"""The recalls that a search or a collection can be asked to reach."""


def measured_at(k: int) -> Literal[10, 100] | None:
    """The cut-off of the recall that speaks for k hits; None where none does."""
    return 10 if k <= 10 else 100 if k <= 100 else None


@dataclass(frozen=True, slots=True)
class Recall:
    """A mean over the sample of queries, in [0, 1], and the bounds of its 95 % bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f}-{self.high:.3f})"


@dataclass(frozen=True, slots=True)
class Point:
    """One setting: `at_100` is None where it has fewer than 100 candidates, which a search for 100 hits would raise.

    `found` is the mean number of candidates that passed the filter: of `ef_search`, with a filter of half of them
    (`HnswIndex.search`). `seconds` is the shortest duration of some searches for ten hits (others may have waited for
    a busy machine) where the index was built.
    """

    ef_search: int
    at_10: Recall
    at_100: Recall | None
    found: float
    seconds: float

    def at(self, k: int) -> Recall | None:
        """The recall that speaks for k hits: @10 up to ten, @100 up to a hundred, beyond that none."""
        match measured_at(k):
            case 10:
                return self.at_10
            case 100:
                return self.at_100
            case None:
                return None


@dataclass(frozen=True, slots=True)
class Curve:
    """Recall over ef_search, ascending, of `queries` queries; a share `selectivity` of the vectors is allowed."""

    modality: Modality
    selectivity: float
    queries: int
    points: tuple[Point, ...]

    def cheapest(self, target: float, k: int, *, found: float = 0) -> Point | None:
        """The first setting whose recall is surely (by its lower bound) at least `target`, with so many found."""
        for point in self.points:
            recall = point.at(k)
            if recall is not None and recall.low >= target and point.ef_search >= k and point.found >= found:
                return point
        return None

    def at(self, ef_search: int) -> Point | None:
        """What is known of a setting: the nearest one measured that is not above it."""
        return next((point for point in reversed(self.points) if point.ef_search <= ef_search), None)


@dataclass(frozen=True, slots=True)
class Certificate:
    """All curves of one kind of vectors, `rows` of them when they were measured.

    `seconds_a_row` is what exact search costs for each row that it compares.
    """

    rows: int
    seconds_a_row: float
    curves: tuple[Curve, ...]

    def curve(self, modality: Modality, selectivity: float = 1.0) -> Curve | None:
        """The curve that speaks for a selectivity: measured at it, or at the next lower one, which is harder."""
        fitting = [c for c in self.curves if c.modality == modality and c.selectivity <= selectivity]
        return max(fitting, key=lambda c: c.selectivity, default=None)

    def reaches(self, target: float) -> bool:
        """Whether some ef_search gives every modality a recall@10 that is surely at least `target`."""
        return all(curve.cheapest(target, 10) for curve in self.curves if curve.selectivity == 1.0)

    def weakest(self) -> tuple[Modality, float]:
        """The modality that gets least, and the most that its recall@10 surely is at any ef_search without filter."""
        most = {
            curve.modality: max(point.at_10.low for point in curve.points)
            for curve in self.curves
            if curve.selectivity == 1.0
        }
        return min(most.items(), key=lambda one: one[1])

    def as_json(self) -> dict[str, Any]:
        """Plain dictionaries, for the database and for people."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Certificate:
        """Back from `as_json`."""
        return cls(document["rows"], document["seconds_a_row"], tuple(_curve(one) for one in document["curves"]))


def _curve(document: Mapping[str, Any]) -> Curve:
    return Curve(**{**document, "points": tuple(_point(one) for one in document["points"])})


def _point(document: Mapping[str, Any]) -> Point:
    at_100 = document["at_100"]
    return Point(**{**document, "at_10": Recall(**document["at_10"]), "at_100": Recall(**at_100) if at_100 else None})
