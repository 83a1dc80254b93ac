"""Curves of an index: recall against speed, and latency by ef_search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from retrieval.evaluators import page
from retrieval.evaluators.index_sweep import Point, Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

FULL = 0.9995
"""Recall from which on points stand beside one another at the top."""
COLOURS = ("#2563eb", "#d97706", "#059669", "#db2777", "#7c3aed", "#64748b", "#b91c1c", "#0891b2")


def recall_plot(every: Sequence[Series], k: int, threads: int) -> str:
    """Recall over queries per second, singly and in a batch on so many threads.

    A line for each set of queries with ef_search beside its points, and a diamond where the exact search is.
    """
    drawing, (left, right) = page.new_plots(2, width=10, height=4.4, sharey=True)
    for number, series in enumerate(every):
        colour, points = COLOURS[number % len(COLOURS)], _through_graph(series)
        recalls = [point.recall.value for point in points]
        for axes, speed in ((left, _singly), (right, _batched)):
            speeds = [speed(point) for point in points]
            axes.plot(speeds, recalls, ".-", color=colour, linewidth=2, markersize=9)
            _mark(axes, points, speeds, colour, below=number % 2 == 1)
            axes.plot([speed(series.exact)], [1], "D", color=colour, markerfacecolor="white", label=series.queries.name)
    left.set(xscale="log", xlabel="queries/s, one at a time on one thread", ylabel=f"recall@{k}")
    right.set(xscale="log", xlabel=f"queries/s, in one batch on {threads} threads")
    for axes in (left, right):
        _plain_ticks(axes.xaxis, "k")
    drawing.legend(*left.get_legend_handles_labels(), title="◇ exact search", loc="outside right center", frameon=False)
    return page.plot(drawing, f"recall@{k} by queries per second", wide=True)


def latency_plot(every: Sequence[Series]) -> str:
    """Milliseconds of single queries over ef_search: median, a band up to the 95th percentile, exact search dotted."""
    drawing, (axes,) = page.new_plots(1, width=10, height=3.8)
    for number, series in enumerate(every):
        colour, points = COLOURS[number % len(COLOURS)], _through_graph(series)
        asked = [float(point.ef_search or 0) for point in points]
        median, slow = [point.timing.p50 for point in points], [point.timing.p95 for point in points]
        axes.axhline(
            series.exact.timing.p50, color=colour, linestyle=":", label=None if points else series.queries.name
        )
        if points:
            axes.plot(asked, median, ".-", color=colour, linewidth=2, markersize=9, label=series.queries.name)
            axes.fill_between(asked, median, slow, color=colour, alpha=0.12, linewidth=0)
    axes.set(xscale="log", yscale="log", xlabel="ef_search", ylabel="milliseconds, median to p95")
    _plain_ticks(axes.xaxis)
    _plain_ticks(axes.yaxis)
    drawing.legend(title="⋯ exact search", loc="outside right center", frameon=False)
    return page.plot(drawing, "latency by ef_search", wide=True)


def _through_graph(series: Series) -> list[Point]:
    return [point for _, point in series.settings() if not point.is_exact]


def _singly(point: Point) -> float:
    return point.timing.queries_per_second


def _batched(point: Point) -> float:
    return point.timing.batched_queries_per_second


def _mark(axes: Axes, points: Sequence[Point], speeds: Sequence[float], colour: str, *, below: bool) -> None:
    """Write ef_search at each point, above or below it; once recall is full, only at the first and the last."""
    full = [number for number, point in enumerate(points) if point.recall.value >= FULL]
    for number, (point, speed) in enumerate(zip(points, speeds, strict=True)):
        if number in full[1:-1]:
            continue
        axes.annotate(
            str(point.ef_search),
            (speed, point.recall.value),
            xytext=(-4, -11) if below else (4, 4),
            textcoords="offset points",
            ha="right" if below else "left",
            color=colour,
            fontsize=8,
        )


def _plain_ticks(axis: Axis, thousands: str = "") -> None:
    """1, 2, 5, 10, 20 ... in place of powers, fewer over a wide range; with `thousands`, 1k for 1,000."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 200 * low else (1,)))
    axis.set_minor_formatter(NullFormatter())
    axis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{value / 1000:g}{thousands}" if thousands and value >= 1000 else f"{value:g}")
    )
