"""Tables and plots of what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.ann_engines import PEERS
from benchmarks.ann_measure import Built, Point, at_recall

Measured: TypeAlias = dict[str, tuple[Built, dict[str, list[Point]]]]

KINDS = ("image", "text")
SPEEDS = {"one": "batch 1, one thread", "many": "batch 1,000, two threads"}
RECALLS = (0.95, 0.99)
COMPACT_AT = 0.98
STEADY_EF = 64


def print_table(title: str, measured: Measured) -> None:
    """One line an engine; below, each of ours in times of the best peer (above 1 is better, of seconds and bytes too).

    Speeds are queries a second at batch 1 on one thread / at batch 1,000 on two.
    """
    columns = [f"{kind} @{recall}" for kind in KINDS for recall in RECALLS]
    rows = [["", "build s (of processors)", "disk B", "memory B", "anonymous B", *columns]]
    rows += [_line(name, *found) for name, found in measured.items()]
    peers = {name: found for name, found in measured.items() if name in PEERS}
    if peers:
        rows += [_ratios(name, found, peers) for name, found in measured.items() if name not in PEERS]
    print(f"\n{title}: queries/s at a recall@10, batch 1 on one thread / batch 1,000 on two; bytes a vector")
    _print(rows)
    print(
        f"\nsmallest ef_search with recall@10 >= {COMPACT_AT} for image and for text queries, at so many bytes a vector"
    )
    _print([["", *KINDS, "disk B", "memory B"], *(_compact(name, *found) for name, found in measured.items())])


def print_growth(results: dict[int, Measured]) -> None:
    """Processor seconds of building, and speed and recall of texts at one setting, by size."""
    names = list(next(iter(results.values())))
    print(
        f"\nprocessor seconds to build; queries/s at batch 1 and recall@10 of texts at ef_search {STEADY_EF}, by rows"
    )
    header = ["", *(f"{rows:,}" for rows in results)]
    _print([header, *([name, *(_grown(one[name]) for one in results.values())] for name in names)])


def plot_recall(path: Path, title: str, measured: Measured) -> None:
    """Speed over recall, one panel for each kind of query and batch."""
    figure = Figure(figsize=(11, 8), layout="constrained")
    for axes, (kind, speed) in zip(
        figure.subplots(2, 2).flat, [(kind, speed) for kind in KINDS for speed in SPEEDS], strict=True
    ):
        for name, (_, points) in measured.items():
            shown = [p for p in points[kind] if p.recall >= 0.8]
            _draw(axes, name, [p.recall for p in shown], [getattr(p, speed) for p in shown])
        axes.set(title=f"{kind} queries, {SPEEDS[speed]}", xlabel="recall@10", ylabel="queries/s", yscale="log")
    figure.suptitle(title)
    figure.axes[0].legend()
    figure.savefig(path, dpi=120)


def plot_growth(path: Path, results: dict[int, Measured]) -> None:
    """Processor seconds of building, and speed at a recall of 0.95 of texts, over the number of vectors."""
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    for name in next(iter(results.values())):
        _draw(left, name, list(results), [one[name][0].cpu_seconds for one in results.values()])
        speeds = {rows: at_recall(one[name][1]["text"], RECALLS[0], "one") for rows, one in results.items()}
        reached = {rows: speed for rows, speed in speeds.items() if speed is not None}
        _draw(right, name, list(reached), list(reached.values()))
    left.set(title="build", xlabel="vectors", ylabel="processor seconds", xscale="log", yscale="log")
    title = f"text queries, batch 1, recall@10 {RECALLS[0]}"
    right.set(title=title, xlabel="vectors", ylabel="queries/s", xscale="log", yscale="log")
    left.legend()
    figure.savefig(path, dpi=120)


def _draw(axes: Axes, name: str, x: list[float] | list[int], y: list[float]) -> None:
    axes.plot(x, y, marker="o", markersize=3, label=name, linewidth=1 if name in PEERS else 2)
    axes.grid(visible=True, alpha=0.3)


def _line(name: str, built: Built, points: dict[str, list[Point]]) -> list[str]:
    speeds = [
        " / ".join(_count(at_recall(points[kind], recall, speed)) for speed in SPEEDS)
        for kind in KINDS
        for recall in RECALLS
    ]
    bytes_ = [f"{amount:,.0f}" for amount in (built.disk, built.resident, built.anonymous)]
    return [name, f"{built.seconds:.0f} ({built.cpu_seconds:.0f})", *bytes_, *speeds]


def _ratios(name: str, found: tuple[Built, dict[str, list[Point]]], peers: Measured) -> list[str]:
    built, points = found
    costs = [
        _ratio(min(getattr(peer, cost) for peer, _ in peers.values()), getattr(built, cost))
        for cost in ("cpu_seconds", "disk", "resident", "anonymous")
    ]
    speeds = [
        " / ".join(
            _ratio(at_recall(points[kind], recall, speed), _fastest(peers, kind, recall, speed)) for speed in SPEEDS
        )
        for kind in KINDS
        for recall in RECALLS
    ]
    return [f"{name} / best peer", *costs, *speeds]


def _fastest(peers: Measured, kind: str, recall: float, speed: str) -> float | None:
    speeds = [at_recall(points[kind], recall, speed) for _, points in peers.values()]
    return max((one for one in speeds if one is not None), default=None)


def _compact(name: str, built: Built, points: dict[str, list[Point]]) -> list[str]:
    reached = [next((str(p.ef) for p in points[kind] if p.recall >= COMPACT_AT), "not reached") for kind in KINDS]
    return [name, *reached, f"{built.disk:,.0f}", f"{built.resident:,.0f}"]


def _grown(found: tuple[Built, dict[str, list[Point]]]) -> str:
    built, points = found
    steady = next((p for p in points["text"] if p.ef == STEADY_EF), points["text"][-1])
    return f"{built.cpu_seconds:.0f}; {steady.one:,.0f}; {steady.recall:.3f}"


def _ratio(ours: float | None, theirs: float | None) -> str:
    return f"{ours / theirs:.2f}" if ours and theirs else "-"


def _count(speed: float | None) -> str:
    return "-" if speed is None else f"{speed:,.0f}"


def _print(rows: list[list[str]]) -> None:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        print(
            "  ".join(
                cell.rjust(width) if at else cell.ljust(width)
                for at, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
        )
