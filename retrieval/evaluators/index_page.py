"""The report of an index: what ef_search buys, drawn and in tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from retrieval.collection import Collection
from retrieval.evaluators import page
from retrieval.evaluators.index_plots import latency_plot, recall_plot
from retrieval.evaluators.index_sweep import Point, Series, advice
from retrieval.evaluators.report import write_json
from retrieval.evaluators.timing import batch_threads, median_ms

READING = """<p class="faint">Recall is the share of the exact search's answer that the served search finds, with 95 %
bootstrap intervals; the model has no part in it. A query's time goes from its vector to the keys of its answer: {look}
ms of it to looking whether the collection has changed. Beside the points stands the ef_search that was asked for; the
planner may run it with more, or exactly.</p>"""


def write_index_report(
    folder: Path, collection: Collection, every: Sequence[Series], notes: Sequence[str], config: Mapping[str, Any]
) -> dict[str, Any]:
    """Write `report.html`, `metrics.json` and `config.json` to a folder; returns the metrics.

    `config` has the `k` of the recall; `notes` are lines for people.
    """
    folder.mkdir(parents=True, exist_ok=True)
    k = int(config["k"])
    metrics = {
        "k": k,
        "batch_threads": batch_threads(),
        "queries": {series.queries.name: series.as_json() for series in every},
        "warnings": list(notes),
    }
    write_json(folder / "metrics.json", metrics)
    write_json(folder / "config.json", config)
    (folder / "report.html").write_text(_page(collection, every, notes, config, k), encoding="utf-8")
    return metrics


def describe_queries(series: Series) -> str:
    """What asks, in words: `text: 1,000 stored captions`."""
    queries = series.queries
    line = f"{queries.name}: {len(queries.vectors):,} {queries.source}"
    if queries.allowed is None or queries.selectivity is None:
        return line
    share = f"{queries.selectivity * 100:.3g} %"
    return f"{line}, {len(queries.allowed):,} of {series.exact.plan.searched:,} documents allowed ({share})"


def describe_plan(point: Point) -> str:
    """What the planner made of it: `ef 11`, the candidates in the graph, or `exact`."""
    return "exact" if point.is_exact else f"ef {point.plan.ef_search:,}"


def _page(
    collection: Collection, every: Sequence[Series], notes: Sequence[str], config: Mapping[str, Any], k: int
) -> str:
    about = f"{collection.info.spec}, generation {config['generation']}, {len(collection):,} documents"
    look = f"{median_ms(collection.views.latest):.2f}"
    parts = [f"<h1>{escape(collection.name)}: the index</h1>", f'<p class="faint">{escape(about)}</p>']
    parts += [f"<p>⚠ {escape(note)}</p>" for note in notes]
    parts += ["<h2>Recall and speed</h2>", recall_plot(every, k, batch_threads()), READING.format(look=look)]
    parts += [f"<h2>Latency</h2>{latency_plot(every)}"]
    for series in every:
        head = describe_queries(series)
        parts += [f"<h2>{escape(head[0].upper() + head[1:])}</h2>", _table(series, k)]
        parts += [f"<p>{escape(line)}</p>" for line in advice(series)]
    return page.page(f"{collection.name}: the index", [*parts, page.repeat(config)])


def _table(series: Series, k: int) -> str:
    batched = f"batched, {batch_threads()} threads"
    head = ["ef_search", "run as", f"recall@{k}", "queries/s", batched, "p50 ms", "p95 ms", "p99 ms"]
    return page.table(head, [_row(name, point) for name, point in series.settings()])


def _row(name: str, point: Point) -> list[str]:
    timing = point.timing
    speeds = (f"{speed:,.0f}" for speed in (timing.queries_per_second, timing.batched_queries_per_second))
    latencies = (f"{each:.3g}" for each in (timing.p50, timing.p95, timing.p99))
    return [escape(name), escape(describe_plan(point)), page.figure(point.recall), *speeds, *latencies]
