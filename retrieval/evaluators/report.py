"""A run's folder: figures, run files, the configuration that repeats it, and a page to look at."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from retrieval.collection import Collection
from retrieval.errors import ImageError, NotFoundError
from retrieval.evaluation import Estimate, write_qrels, write_run
from retrieval.evaluators.captions import DirectionReport
from retrieval.images.read import read_image
from retrieval.images.thumbnail import thumbnail

EXAMPLES = 8
HITS = 6
THUMBNAIL = 112
PAGE = Template("""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>$title</title>
<style>$style</style></head>
<body>$body</body>
</html>
""")


def write_report(
    folder: Path,
    collection: Collection,
    reports: Sequence[DirectionReport],
    captions: Sequence[str],
    config: Mapping[str, Any],
) -> dict[str, Any]:
    """Write `report.html`, `metrics.json`, `config.json` and TREC qrels and run files; returns the metrics.

    `captions` are the texts in the order of the text-to-image queries.
    """
    folder.mkdir(parents=True, exist_ok=True)
    metrics: dict[str, Any] = {report.direction: _figures(report) for report in reports}
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=2, allow_nan=False))
    (folder / "config.json").write_text(json.dumps(config, indent=2))
    for report in reports:
        name = report.direction.replace(" ", "-")
        write_qrels(folder / f"{name}.qrels", report.qrels, quoted=True)
        write_run(folder / f"{name}.run", report.run, quoted=True)
    (folder / "report.html").write_text(_page(collection, reports, captions, config), encoding="utf-8")
    return metrics


def _figures(report: DirectionReport) -> dict[str, Any]:
    return {
        "served": report.served.as_json() if report.served else None,
        "exact": report.exact.as_json(),
        "ef_search": report.ef_search,
        "misses": {str(k): asdict(blame) for k, blame in report.blame.items()},
    }


def _page(
    collection: Collection, reports: Sequence[DirectionReport], captions: Sequence[str], config: Mapping[str, Any]
) -> str:
    parts = [
        f"<h1>{escape(collection.name)}</h1>",
        f'<p class="faint">{escape(str(collection.info.spec))}, generation '
        f"{collection.views.latest().generation.number}, {len(collection):,} documents</p>",
    ]
    for report in reports:
        parts += [f"<h2>{report.direction.capitalize()}</h2>", _table(report), _blame_table(report)]
        parts.append(f'<p><img class="plot" alt="hit@k by k" src="{_curve(report)}"></p>')
    parts += ["<h2>Examples</h2>", _examples(collection, reports[0], captions)]
    parts += ["<h2>How to repeat it</h2>", f"<pre>{escape(json.dumps(config, indent=2))}</pre>"]
    return PAGE.substitute(
        title=escape(collection.name),
        style=resources.files("retrieval.evaluators").joinpath("report.css").read_text(),
        body="".join(parts),
    )


def _table(report: DirectionReport) -> str:
    rows = []
    for name, exact in report.exact.measures.items():
        served = report.served.measures.get(name) if report.served else None
        rows.append(f"<tr><td>{escape(name)}</td><td>{_cell(served)}</td><td>{_cell(exact)}</td></tr>")
    through = f"served, ef_search {report.ef_search}" if report.ef_search else "served, exact"
    counts = report.exact.counts
    return (
        f"<table><tr><th>{counts.queries:,} queries</th><th>{through if report.served else 'no index'}</th>"
        f"<th>exact search</th></tr>{''.join(rows)}</table><p class=faint>with 95 % bootstrap intervals</p>"
    )


def _cell(estimate: Estimate | None) -> str:
    if estimate is None:
        return "–"
    digits = 3 if estimate.value < 1.5 else 1
    low, high = f"{estimate.low:.{digits}f}", f"{estimate.high:.{digits}f}"
    return f"{estimate.value:.{digits}f} <small>{low} – {high}</small>"


def _blame_table(report: DirectionReport) -> str:
    stages = list(next(iter(report.blame.values())).blame)
    head = "".join(f"<th>{escape(stage)}</th>" for stage in stages)
    rows = "".join(
        f"<tr><td>@{k}</td><td>{one.misses:,}</td>{''.join(f'<td>{one.blame[s]:,}</td>' for s in stages)}</tr>"
        for k, one in report.blame.items()
    )
    return f"<table><tr><th>misses and who is to blame</th><th>all</th>{head}</tr>{rows}</table>"


def _curve(report: DirectionReport) -> str:
    """hit@k for every k up to the depth of the run, as a PNG in a data URI."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3.6), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    share = _hit_curve(report)
    axes.plot(np.arange(1, len(share) + 1), share, color="#2563eb", linewidth=2, label="served")
    axes.set(xscale="log", xlabel="k", ylabel="hit@k", ylim=(0, 1.02), xlim=(1, max(len(share), 2)))
    axes.grid(visible=True, color="#e5e7eb", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return _data_uri(buffer.getvalue(), "png")


def _hit_curve(report: DirectionReport) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    first = np.array([_first_hit(report, query) for query in report.qrels.query_ids])
    depth = report.run.depth
    counts = np.bincount(first[first > 0], minlength=depth + 1)[1 : depth + 1]
    return np.asarray(np.cumsum(counts) / len(first), np.float64)


def _first_hit(report: DirectionReport, query_id: str) -> int:
    relevant = {qrel.doc_id for qrel in report.qrels.judgements(query_id)}
    ranks = (rank for rank, hit in enumerate(report.run.results(query_id), 1) if hit.doc_id in relevant)
    return next(ranks, 0)


def _examples(collection: Collection, report: DirectionReport, captions: Sequence[str]) -> str:
    """Queries spread evenly from the best found to the worst, with their hits as pictures."""
    query_ids = list(report.qrels.query_ids)
    ranks = np.array([_first_hit(report, query) or 10**9 for query in query_ids])
    order = np.argsort(ranks, kind="stable")
    chosen = order[np.unique(np.linspace(0, len(order) - 1, EXAMPLES).astype(int))]
    return "".join(_example(collection, report, query_ids[row], captions[row]) for row in chosen)


def _example(collection: Collection, report: DirectionReport, query_id: str, caption: str) -> str:
    relevant = {qrel.doc_id for qrel in report.qrels.judgements(query_id)}
    rank = _first_hit(report, query_id)
    hits = "".join(
        f"<figure{' class=right' if hit.doc_id in relevant else ''}>{_picture(collection, hit.doc_id)}"
        f"<figcaption>{hit.score:.3f}</figcaption></figure>"
        for hit in report.run.results(query_id)[:HITS]
    )
    where = f"right one at rank {rank}" if rank else f"not among the first {report.run.depth}"
    return f"<div class=query><p>{escape(caption)} <small>{where}</small></p><div class=hits>{hits}</div></div>"


def _picture(collection: Collection, doc_id: str) -> str:
    try:
        small = thumbnail(read_image(collection.get(doc_id).image_uri), side=THUMBNAIL)
    except (ImageError, NotFoundError):
        return f'<img alt="{escape(doc_id)}">'
    return f'<img alt="{escape(doc_id)}" title="{escape(doc_id)}" src="{_data_uri(small, "webp")}">'


def _data_uri(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
