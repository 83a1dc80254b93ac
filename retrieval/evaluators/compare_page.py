"""Two runs on a page: the figures, what was set differently, and the queries that changed most, hits beside hits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from retrieval.collection import Collection
from retrieval.evaluators import page
from retrieval.evaluators.compare import Change, ComparedRun, Comparison, Difference
from retrieval.evaluators.task import Shown


def comparison_page(
    comparisons: Sequence[Comparison],
    settings: Sequence[tuple[str, str, str]],
    collections: tuple[Collection | None, Collection | None],
) -> str:
    """The page as HTML. `settings` are (name, first, second) where the runs were configured differently.

    `collections` are where the hits' pictures come from; None shows their names.
    """
    first, second = comparisons[0].first.name, comparisons[0].second.name
    parts = ["<h1>Comparison</h1>", f'<p class="faint">A: {escape(first)}<br>B: {escape(second)}</p>']
    if settings:
        rows = [[escape(cell) for cell in row] for row in settings]
        parts += ["<h2>Set differently</h2>", page.table(["", "A", "B"], rows)]
    for one in comparisons:
        head = f"{one.task.replace('-', ' ').capitalize()}, {len(one.qrels.query_ids):,} queries"
        parts += [f"<h2>{escape(head)}</h2>", _table(one.differences)]
        parts += [f"<p>⚠ {escape(warning)}</p>" for warning in one.warnings]
        parts.append(f"<h2>Queries that changed most, by {escape(one.changed_by)}</h2>")
        parts += [_changed(one, change, collections) for change in one.changes] or ["<p>none changed</p>"]
    return page.page("Comparison", parts)


def different_settings(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What two configurations say differently: (name, first, second)."""
    names = dict.fromkeys((*first, *second))
    return [
        (name, str(first.get(name, "–")), str(second.get(name, "–")))
        for name in names
        if first.get(name) != second.get(name)
    ]


def _table(differences: Sequence[Difference]) -> str:
    head = ["", "A", "B", "B - A (95 % interval)", "p", "B better", "B worse", "equal"]
    rows = [
        [
            escape(one.measure),
            f"{one.first:.3f}",
            f"{one.second:.3f}",
            f"{one.difference:+.3f} <small>{one.low:+.3f} – {one.high:+.3f}</small>",
            f"{one.p_value:.4f}",
            *(f"{count:,}" for count in (one.wins, one.losses, one.ties)),
        ]
        for one in differences
    ]
    return page.table(head, rows)


def _changed(comparison: Comparison, change: Change, collections: tuple[Collection | None, Collection | None]) -> str:
    query_id = change.query_id
    shown = comparison.first.shown.get(query_id) or comparison.second.shown.get(query_id) or Shown(query_id)
    relevant = {qrel.doc_id for qrel in comparison.qrels.judgements(query_id) if qrel.relevance > 0}
    note = f"{comparison.changed_by}: {change.first:.3f} → {change.second:.3f}"
    sides = zip(("A", "B"), (comparison.first, comparison.second), collections, strict=True)
    rows = "".join(_side(letter, side, query_id, relevant, source) for letter, side, source in sides)
    return f"<div class=query>{page.query(collections[0] or collections[1], shown, note)}{rows}</div>"


def _side(letter: str, side: ComparedRun, query_id: str, relevant: set[str], collection: Collection | None) -> str:
    results = side.run.results(query_id)
    found = page.hits(collection, results, relevant, side.answers) if results else "<p class=faint>no results</p>"
    return f"<p class=faint>{letter}</p>{found}"
