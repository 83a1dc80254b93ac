"""What a measure is: a frozen value with a name and a cut-off, that scores every query at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from retrieval.errors import InputError
from retrieval.evaluation.columns import Float64Array
from retrieval.evaluation.ranks import RelevantRanks

Summary: TypeAlias = Literal["mean", "median"]
"""How the scores of single queries become one figure."""


@dataclass(frozen=True, slots=True)
class Measure(ABC):
    """A measure at a cut-off: `cutoff` results are looked at, all of them where it is None.

    Equal measures have equal names, and `parse_measure(str(measure)) == measure`. Raises `InputError` for a cut-off
    below 1, and for a missing one where the measure means nothing without.
    """

    name: ClassVar[str]
    needs_cutoff: ClassVar[bool] = False
    higher_is_better: ClassVar[bool] = True
    summary: ClassVar[Summary] = "mean"

    cutoff: int | None = None

    def __post_init__(self) -> None:
        if self.cutoff is None and self.needs_cutoff:
            raise InputError(f"{self.name} needs a cut-off; write {self.name}@10, for example")
        if self.cutoff is not None and self.cutoff < 1:
            raise InputError(f"{self}: a cut-off is at least 1; write {self.name}@10, for example")

    def __str__(self) -> str:
        return self.name if self.cutoff is None else f"{self.name}@{self.cutoff}"

    @abstractmethod
    def per_query(self, ranks: RelevantRanks) -> Float64Array:
        """The score of every judged query, finite: float64 (ranks.queries,)."""
