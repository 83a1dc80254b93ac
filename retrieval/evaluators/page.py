"""Pieces of a page that needs nothing but itself: figures, pictures and curves as text."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np

from retrieval.collection import Collection
from retrieval.errors import ImageError, NotFoundError
from retrieval.evaluation import Estimate, ScoredDoc
from retrieval.evaluation.columns import Float64Array
from retrieval.evaluators.task import Shown
from retrieval.images.read import read_image
from retrieval.images.thumbnail import thumbnail

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HITS = 6
THUMBNAIL = 144
TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
_PAGE = Template("""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>$title</title>
<style>$style</style></head>
<body>$body</body>
</html>
""")


def page(title: str, parts: Sequence[str]) -> str:
    """A whole page of these parts."""
    style = resources.files("retrieval.evaluators").joinpath("report.css").read_text(encoding="utf-8")
    return _PAGE.substitute(title=escape(title), style=style, body="".join(parts))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; cells are HTML already."""
    lines = [f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows]
    return f"<table><tr>{''.join(f'<th>{cell}</th>' for cell in head)}</tr>{''.join(lines)}</table>"


def figure(estimate: Estimate | None, *, digits: int = 3) -> str:
    """A figure with its interval, small."""
    if estimate is None:
        return "–"
    low, high = f"{estimate.low:.{digits}f}", f"{estimate.high:.{digits}f}"
    return f"{estimate.value:.{digits}f} <small>{low} – {high}</small>"


def repeat(config: Mapping[str, Any]) -> str:
    """The configuration that repeats a run."""
    return f"<h2>How to repeat it</h2><pre>{escape(json.dumps(config, indent=2, ensure_ascii=False))}</pre>"


def query(collection: Collection | None, shown: Shown, note: str) -> str:
    """A query's words and picture, and a remark."""
    look = picture(collection, shown.doc_id) if shown.doc_id else ""
    return f"<div class=asked>{look}<p>{escape(shown.text)} <small>{escape(note)}</small></p></div>"


def hits(
    collection: Collection | None, results: Sequence[ScoredDoc], relevant: set[str], answers: Mapping[str, str]
) -> str:
    """The first results as pictures, or as the texts that `answers` has for them; relevant ones are marked.

    Where none of them is relevant, one that is comes after them: what should have been found.
    """

    def cell(doc_id: str, marked: str, note: str) -> str:
        text = answers.get(doc_id)
        look = f"<p>{escape(text)}</p>" if text is not None else picture(collection, doc_id)
        return f"<figure{marked}>{look}<figcaption>{note}</figcaption></figure>"

    shown = results[:HITS]
    cells = [cell(hit.doc_id, " class=right" * (hit.doc_id in relevant), f"{hit.score:.3f}") for hit in shown]
    if relevant.isdisjoint(hit.doc_id for hit in shown):
        cells += [cell(doc_id, " class=wanted", "wanted") for doc_id in sorted(relevant)[:1]]
    return f"<div class=hits>{''.join(cells)}</div>"


def picture(collection: Collection | None, doc_id: str) -> str:
    """A stored picture, small; its name where it cannot be had."""
    name = escape(doc_id)
    if collection is None:
        return f'<img alt="{name}">'
    try:
        small = thumbnail(read_image(collection.get(doc_id).image_uri), side=THUMBNAIL)
    except (ImageError, NotFoundError):
        return f'<img alt="{name}">'
    return f'<img alt="{name}" title="{name}" src="{_data_uri(small, "webp")}">'


def hit_curves(curves: Mapping[str, Float64Array]) -> str:
    """Shares of queries with a hit among the first k, (depth,) each, drawn over k."""
    drawing, (axes,) = new_plots(1, width=9, height=2.6)
    for (label, share), (colour, style) in zip(curves.items(), (("#2563eb", "-"), ("#64748b", "--")), strict=False):
        axes.plot(np.arange(1, len(share) + 1), share, style, color=colour, linewidth=2, label=label)
    longest = max(2, *map(len, curves.values()))
    axes.set(xscale="log", xlabel="k", ylabel="hit@k", ylim=(0, 1.02), xlim=(1, longest))
    ticks = [k for k in TICKS if k <= longest]
    axes.set_xticks(ticks, [f"{k:,}" for k in ticks])
    axes.set_xticks([], minor=True)
    axes.legend(frameon=False, loc="lower right")
    return plot(drawing, "hit@k by k", wide=True)


def new_plots(
    count: int, *, width: float = 7, height: float = 3.6, sharey: bool = False
) -> tuple[Figure, Sequence[Axes]]:
    """An empty drawing of so many inches in the pages' look, and the axes of the plots side by side in it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawing = Figure(figsize=(width, height), dpi=110, layout="constrained")
    FigureCanvasAgg(drawing)
    row = drawing.subplots(1, count, squeeze=False, sharey=sharey)[0]
    for axes in row:
        axes.grid(visible=True, color="#e5e7eb", linewidth=0.8)
        axes.spines[["top", "right"]].set_visible(False)
    return drawing, row


def plot(drawing: Figure, description: str, *, wide: bool = False) -> str:
    """A drawing as a picture on the page, `wide` as the page itself."""
    buffer = io.BytesIO()
    drawing.savefig(buffer, format="png")
    look = "plot wide" if wide else "plot"
    return f'<p><img class="{look}" alt="{escape(description)}" src="{_data_uri(buffer.getvalue(), "png")}"></p>'


def _data_uri(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
