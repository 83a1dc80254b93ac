"""A run's folder: figures, run files, the configuration that repeats it, and a page to look at."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.collection import Collection
from retrieval.evaluation import Qrels, Run, write_qrels, write_run
from retrieval.evaluation.columns import Float64Array, IntArray
from retrieval.evaluation.ranks import NOT_RETRIEVED, rank_relevant
from retrieval.evaluators import page
from retrieval.evaluators.task import TaskReport, digits, label

EXAMPLES = 8


def write_report(
    folder: Path, collection: Collection, reports: Sequence[TaskReport], config: Mapping[str, Any]
) -> dict[str, Any]:
    """Write a folder that says what was found and how to find it again; returns the metrics.

    `report.html`, `metrics.json`, `config.json`, `queries.json` (what the queries of each task are, and the answers
    that are no documents), and for each task `TASK.qrels`, `TASK.run` and `TASK.exact.run`, with quoted ids.
    """
    folder.mkdir(parents=True, exist_ok=True)
    metrics: dict[str, Any] = {report.name: _figures(report) for report in reports}
    queries = {report.file_name: _shown(report) for report in reports}
    write_json(folder / "metrics.json", metrics)
    write_json(folder / "config.json", config)
    write_json(folder / "queries.json", queries)
    for report in reports:
        write_qrels(folder / f"{report.file_name}.qrels", report.qrels, quoted=True)
        write_run(folder / f"{report.file_name}.run", report.run, tag="served", quoted=True)
        write_run(folder / f"{report.file_name}.exact.run", report.exact_run, tag="exact", quoted=True)
    (folder / "report.html").write_text(_page(collection, reports, config), encoding="utf-8")
    return metrics


def write_json(path: Path, value: object) -> None:
    """Write a JSON file for people and programs; numbers that are not finite are a `ValueError`."""
    path.write_text(json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False), encoding="utf-8")


def _figures(report: TaskReport) -> dict[str, Any]:
    return {
        "served": report.served.as_json() if report.served else None,
        "exact": report.exact.as_json(),
        "ef_search": report.plan.ef_search if report.plan else None,
        "certified": asdict(report.plan.certified) if report.plan and report.plan.certified else None,
        "misses": {str(k): asdict(blame) for k, blame in report.blame.items()},
        "warnings": list(report.all_warnings),
    }


def _shown(report: TaskReport) -> dict[str, Any]:
    return {
        "queries": {query_id: asdict(shown) for query_id, shown in report.shown.items()},
        "answers": dict(report.answers),
    }


def _page(collection: Collection, reports: Sequence[TaskReport], config: Mapping[str, Any]) -> str:
    generation = collection.views.latest().generation.number
    about = f"{collection.info.spec}, generation {generation}, {len(collection):,} documents"
    parts = [f"<h1>{escape(collection.name)}</h1>", f'<p class="faint">{escape(about)}</p>']
    for report in reports:
        parts += [f"<h2>{escape(report.name.capitalize())}</h2>", _table(report)]
        parts += [f"<p class=warning>{escape(warning)}</p>" for warning in report.all_warnings]
        parts += [_blame_table(report), page.hit_curves(_curves(report))]
    for report in reports:
        parts += [f"<h2>Examples, {escape(report.name)}</h2>", _examples(collection, report)]
    return page.page(collection.name, [*parts, page.repeat(config)])


def _table(report: TaskReport) -> str:
    head = [f"{report.exact.counts.queries:,} queries", report.how_served, "exact search"]
    served = report.served.measures if report.served else {}
    rows = [
        [escape(label(name)), *(page.figure(one, digits=digits(name)) for one in (served.get(name), exact))]
        for name, exact in report.exact.measures.items()
    ]
    note = "with 95 % bootstrap intervals" + (f"; {report.certified}" if report.certified else "")
    return f"{page.table(head, rows)}<p class=faint>{escape(note)}</p>"


def _blame_table(report: TaskReport) -> str:
    if not report.blame:
        return ""
    stages = list(next(iter(report.blame.values())).blame)
    head = ["misses", "", "all", *(f"<i class={stage}></i>{stage}" for stage in stages), "by luck"]
    rows = [
        [f"at {k}", _bar(one.blame), *(f"{n:,}" for n in (one.misses, *one.blame.values(), one.lucky))]
        for k, one in report.blame.items()
    ]
    return page.table(head, rows)


def _bar(blame: Mapping[str, int]) -> str:
    """The shares of the stages, drawn."""
    parts = [f'<i class={stage} style="flex-grow:{count}"></i>' for stage, count in blame.items() if count]
    return f"<div class=bar>{''.join(parts)}</div>"


def _curves(report: TaskReport) -> dict[str, Float64Array]:
    """hit@k for every k up to the depth of the run."""
    exact = {"exact": _hit_curve(report.qrels, report.exact_run)}
    through_graph = report.plan is not None and report.plan.ef_search is not None
    return {"served": _hit_curve(report.qrels, report.run), **exact} if through_graph else exact


def _hit_curve(qrels: Qrels, run: Run) -> Float64Array:
    first = _first_hits(qrels, run)
    counts = np.bincount(first[first <= run.depth], minlength=run.depth + 1)[1:]
    return np.asarray(np.cumsum(counts) / len(first), np.float64)


def _first_hits(qrels: Qrels, run: Run) -> IntArray:
    """Rank of each judged query's first relevant document, `NOT_RETRIEVED` where there is none: int64 (nq,)."""
    return rank_relevant(qrels, run).first()


def _examples(collection: Collection, report: TaskReport) -> str:
    """Queries spread evenly from the best found to the worst, with their hits as pictures."""
    first = _first_hits(report.qrels, report.run)
    order = np.argsort(first, kind="stable")
    chosen = order[np.unique(np.linspace(0, len(order) - 1, EXAMPLES).astype(int))]
    return "".join(_example(collection, report, report.qrels.query_ids[row], int(first[row])) for row in chosen)


def _example(collection: Collection, report: TaskReport, query_id: str, rank: int) -> str:
    shown = report.shown.get(query_id)
    relevant = {qrel.doc_id for qrel in report.qrels.judgements(query_id) if qrel.relevance > 0}
    where = f"right one at rank {rank}" if rank != NOT_RETRIEVED else f"not among the first {report.run.depth}"
    asked = page.query(collection, shown, where) if shown else f"<p>{escape(query_id)} <small>{where}</small></p>"
    results = report.run.results(query_id)
    return f"<div class=query>{asked}{page.hits(collection, results, relevant, report.answers)}</div>"
