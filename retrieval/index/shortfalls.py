"""Whether graphs are worth asking for what a filter allows, as told by the searches before."""

from __future__ import annotations

from dataclasses import dataclass

from retrieval.types import BoolArray

USUAL = 0.5
"""Share of searches that come up short from which graphs are left aside."""
WEIGHT = 0.25
"""Of the last search in the moving average: three in a row that come up short are enough."""
RETRY = 16
"""One search in so many asks the graphs all the same: what people look for changes."""


@dataclass(slots=True)
class Shortfalls:
    """How often the walks of graphs have come up short with one filter, so that exact search had to follow.

    People filter for what the query is far from, too ("a red dress" among shoes). Then a walk is lost time. Threads
    share this without a lock: a search that is not counted is no harm.
    """

    share: float = 0.0
    asked: int = 0

    def are_usual(self) -> bool:
        """Whether to search exactly at once; asked before each search."""
        self.asked += 1
        return self.share > USUAL and self.asked % RETRY != 0

    def note(self, full: BoolArray) -> None:
        """Of some queries, bool (nq,), which were answered in full by the graphs."""
        self.share += WEIGHT * (1 - float(full.mean()) - self.share)
