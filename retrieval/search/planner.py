"""How a search runs: through the graphs, or exactly over what a filter allows."""

from __future__ import annotations

from dataclasses import dataclass

EXACT_ALLOWED = 10_000
"""Allowed rows up to which an exact scan of them is both faster and better than a filtered graph search."""
EXACT_SHARE = 0.05
"""Share of allowed rows below which a filtered graph search loses recall whatever its ef_search."""
MOST_EF = 4_096


@dataclass(frozen=True, slots=True)
class Choice:
    """Exact search, or graph search with this `ef_search`."""

    exact: bool
    ef_search: int


def choose(*, rows: int, allowed: int | None, k: int, ef_search: int, has_graph: bool) -> Choice:
    """Pick a plan for k hits among `rows` vectors of which `allowed` pass the filter (None: there is no filter).

    Inside a graph search a filter discards candidates, so ef_search grows by as much as the filter discards.
    """
    if not has_graph:
        return Choice(exact=True, ef_search=ef_search)
    if allowed is None:
        return Choice(exact=False, ef_search=max(ef_search, k))
    if allowed <= max(EXACT_ALLOWED, EXACT_SHARE * rows):
        return Choice(exact=True, ef_search=ef_search)
    widened = min(round(ef_search * rows / allowed), MOST_EF)
    return Choice(exact=False, ef_search=max(widened, k))
