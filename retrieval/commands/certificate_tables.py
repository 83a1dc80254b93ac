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

    That is the cheapest one that surely reaches `target`, or `ef_search` without a target. With `before`, an earlier
    certificate of the same kind of vectors, each line is preceded by the earlier one.
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
    point = curve.cheapest(target, 10) if target else curve.at(ef_search)
    told = ["exact", "1", "1", "–"]
    if point:
        told = [str(point.ef_search), str(point.at_10), _at_100(curve, point), f"{point.seconds * 1000:.2f}"]
    return [curve.modality, f"{curve.selectivity:.0%}", *told, f"{curve.queries:,}"]


def _at_100(curve: Curve, point: Point) -> str:
    """Recall@100 at this setting, or at the first one that gives a hundred hits."""
    told = point if point.at_100 else next((one for one in curve.points if one.at_100), None)
    if told is None:
        return "–"
    return str(told.at_100) if told is point else f"{told.at_100} at {told.ef_search}"


def _same(curve: Curve, certificate: Certificate) -> Curve | None:
    return next(
        (c for c in certificate.curves if (c.modality, c.selectivity) == (curve.modality, curve.selectivity)), None
    )
