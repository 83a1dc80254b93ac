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
THUMBNAIL = 112
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


def figure(estimate: Estimate | None) -> str:
    """A figure with its interval, small."""
    if estimate is None:
        return "–"
    digits = 3 if estimate.value < 1.5 else 1
    low, high = f"{estimate.low:.{digits}f}", f"{estimate.high:.{digits}f}"
    return f"{estimate.value:.{digits}f} <small>{low} – {high}</small>"


def repeat(config: Mapping[str, Any]) -> str:
    """The configuration that repeats a run."""
    return f"<h2>How to repeat it</h2><pre>{escape(json.dumps(config, indent=2, ensure_ascii=False))}</pre>"


def query(collection: Collection | None, shown: Shown, note: str) -> str:
    """A query's words and picture, and a remark."""
    look = f"<div class=hits><figure>{picture(collection, shown.doc_id)}</figure></div>" if shown.doc_id else ""
    return f"<p>{escape(shown.text)} <small>{escape(note)}</small></p>{look}"


def hits(
    collection: Collection | None, results: Sequence[ScoredDoc], relevant: set[str], answers: Mapping[str, str]
) -> str:
    """The first results as pictures, or as the texts that `answers` has for them; relevant ones are marked."""
    cells = []
    for hit in results[:HITS]:
        text = answers.get(hit.doc_id)
        look = f"<p>{escape(text)}</p>" if text is not None else picture(collection, hit.doc_id)
        marked = " class=right" if hit.doc_id in relevant else ""
        cells.append(f"<figure{marked}>{look}<figcaption>{hit.score:.3f}</figcaption></figure>")
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
    drawing, axes = new_plot()
    for (label, share), (colour, style) in zip(curves.items(), (("#2563eb", "-"), ("#d97706", "--")), strict=False):
        axes.plot(np.arange(1, len(share) + 1), share, style, color=colour, linewidth=2, label=label)
    longest = max(map(len, curves.values()))
    axes.set(xscale="log", xlabel="k", ylabel="hit@k", ylim=(0, 1.02), xlim=(1, max(longest, 2)))
    axes.legend(frameon=False, loc="lower right")
    return plot(drawing, "hit@k by k")


def new_plot(width: float = 7, height: float = 3.6) -> tuple[Figure, Axes]:
    """An empty drawing in the pages' look, in inches, and its axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawing = Figure(figsize=(width, height), dpi=110, layout="constrained")
    FigureCanvasAgg(drawing)
    axes = drawing.subplots()
    axes.grid(visible=True, color="#e5e7eb", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    return drawing, axes


def plot(drawing: Figure, description: str) -> str:
    """A drawing as a picture on the page."""
    buffer = io.BytesIO()
    drawing.savefig(buffer, format="png")
    return f'<p><img class="plot" alt="{escape(description)}" src="{_data_uri(buffer.getvalue(), "png")}"></p>'


def _data_uri(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
