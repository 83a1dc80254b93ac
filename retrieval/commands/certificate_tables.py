"""Certificates as tables: what recall a search reaches, with how many candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from retrieval.certificate import Certificate, Curve, Point

HEADS = ("by", "share", "ef", "recall@10", "recall@100", "ms", "asked")


def certificate_table(
    certificate: Certificate, *, target: float | None, ef_search: int, before: Certificate | None = None
) -> Table:
    """A line for each modality of query and each selectivity of filter: the setting that searches take.

    That is the cheapest one that surely reaches `target`, or `ef_search` without a target; for filters as the planner
    has it. With `before`, an earlier certificate of the same kind of vectors, each line is preceded by the earlier one.
    """
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    for head in (*HEADS, "") if before else HEADS:
        table.add_column(head, justify="left" if head in ("by", "") else "right", no_wrap=True)
    for curve in certificate.curves:
        earlier = _same(curve, before) if before else None
        if earlier:
            table.add_row(*_cells(earlier, target, ef_search), "before")
        label = ["after" if earlier else ""] if before else []
        table.add_row(*_cells(curve, target, ef_search), *label)
    return table


def _cells(curve: Curve, target: float | None, ef_search: int) -> list[str]:
    point = _setting(curve, target, ef_search)
    told = ["exact", "1", "1", "–"]
    if point:
        at_100 = _at_100(curve, point, target)
        told = [str(point.ef_search), str(point.at_10), at_100, f"{point.seconds * 1000:.2f}"]
    return [curve.modality, f"{curve.selectivity:.0%}", *told, f"{curve.queries:,}"]


def _setting(curve: Curve, target: float | None, ef_search: int) -> Point | None:
    return _planned(curve, target, 10) if target else curve.at(round(ef_search / curve.selectivity))


def _planned(curve: Curve, target: float, k: int) -> Point | None:
    """What a search for k hits takes to reach the target; None: exact search."""
    from retrieval.search.planner import LEAST_FILTERED, MARGIN

    if curve.selectivity == 1:
        return curve.cheapest(target, k)
    return curve.cheapest(max(target, LEAST_FILTERED), k, found=MARGIN * k)


def _at_100(curve: Curve, point: Point, target: float | None) -> str:
    """Recall@100 at the setting that a search for a hundred hits takes; without a target, at one that finds as many."""
    if target:
        told = _planned(curve, target, 100)
        if told is None:
            return "1 exact"
    else:
        many = [one for one in curve.points if one.at_100 and one.found >= 100]
        told = point if point in many else next(iter(many), None)
        if told is None:
            return "–"
    return str(told.at_100) if told is point else f"{told.at_100} at {told.ef_search}"


def _same(curve: Curve, certificate: Certificate) -> Curve | None:
    return next(
        (c for c in certificate.curves if (c.modality, c.selectivity) == (curve.modality, curve.selectivity)), None
    )
