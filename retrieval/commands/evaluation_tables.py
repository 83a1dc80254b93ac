"""Figures of evaluations on a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from retrieval.commands.options import console

if TYPE_CHECKING:
    from rich.table import Table

    from retrieval.evaluation import Estimate, Evaluation
    from retrieval.evaluators.compare import Comparison
    from retrieval.evaluators.complete import Complete
    from retrieval.evaluators.gate import Checked
    from retrieval.evaluators.task import TaskReport


def finish(complete: Complete, *, as_json: bool) -> None:
    """Print the outcome of an evaluation, as tables or as JSON."""
    warn(complete.warnings)
    if as_json:
        typer.echo(json.dumps(complete.metrics, indent=2, allow_nan=False))
        return
    for report in complete.reports:
        show_report(report)
    console().print(f"report: {complete.folder / 'report.html'}", markup=False, soft_wrap=True)


def show_report(report: TaskReport) -> None:
    """One task: served and exact side by side, and who is to blame for the misses."""
    from retrieval.evaluators.task import digits, label

    head = f"{report.name}, {report.exact.counts.queries:,} queries"
    table = new_table(head, report.how_served, "exact search")
    for name, exact in report.exact.measures.items():
        served = report.served.measures.get(name) if report.served else None
        table.add_row(label(name), cell(served, digits=digits(name)), cell(exact, digits=digits(name)))
    warn(report.all_warnings)
    console().print(table)
    if report.certified:
        console().print(report.certified, style="dim", markup=False, soft_wrap=True)
    for k, blame in report.blame.items():
        parts = ", ".join(f"{count:,} the {stage}'s" for stage, count in blame.blame.items())
        lucky = f"; {blame.lucky:,} found by luck" if blame.lucky else ""
        console().print(f"[dim]misses at {k}: {blame.misses:,} of {blame.queries:,} ({parts}{lucky})[/dim]")
    console().print()


def show_evaluation(evaluation: Evaluation) -> None:
    """The figures of one run."""
    from retrieval.evaluators.task import digits, label

    table = new_table(f"{evaluation.counts.queries:,} queries", "figure (95 % interval)")
    for name, estimate in evaluation.measures.items():
        table.add_row(label(name), cell(estimate, digits=digits(name)))
    warn(evaluation.warnings)
    console().print(table)


def show_comparison(comparison: Comparison) -> None:
    """What the second run gains over the first, and the queries that changed most."""
    from rich.text import Text

    head = f"{comparison.task.replace('-', ' ')}, {len(comparison.qrels.query_ids):,} queries"
    table = new_table(head, "A", "B", "B - A (95 % interval)", "p", "B better", "B worse", "equal")
    for one in comparison.differences:
        gain = f"{one.difference:+.3f} [dim]({one.low:+.3f} to {one.high:+.3f})[/dim]"
        counts = (f"{count:,}" for count in (one.wins, one.losses, one.ties))
        table.add_row(one.measure, f"{one.first:.3f}", f"{one.second:.3f}", gain, f"{one.p_value:.4f}", *counts)
    warn(comparison.warnings)
    console().print(table)
    console().print()
    changed = new_table(f"changed most, by {comparison.changed_by}", "A", "B")
    for change in comparison.changes:
        shown = comparison.first.shown.get(change.query_id)
        text = f"{change.query_id}  {shown.text}" if shown else change.query_id
        changed.add_row(Text(text), f"{change.first:.3f}", f"{change.second:.3f}")
    console().print(changed if comparison.changes else "no query changed")
    console().print()


def gate_line(checked: Checked) -> str:
    """How one saved search did, on a line."""
    required = checked.search.required.items()
    scores = ", ".join(f"{measure} {checked.scores[measure]:.2f} (needs {least:.2f})" for measure, least in required)
    found = [f"{doc_id} at {rank}" for doc_id, rank in checked.found.items()]
    missed = [f"{doc_id} not among the first {checked.search.depth}" for doc_id in checked.missed]
    absent = [f"{doc_id} not in the collection" for doc_id in checked.absent]
    verdict = "ok   " if checked.passed else "SHORT"
    return f"{verdict} {checked.search.name}: {scores}; {', '.join([*found, *missed, *absent])}"


def gate_document(checked: Checked) -> dict[str, object]:
    """How one saved search did, as JSON."""
    return {
        "name": checked.search.name,
        "place": checked.search.query.place,
        "passed": checked.passed,
        "scores": {str(measure): score for measure, score in checked.scores.items()},
        "required": {str(measure): least for measure, least in checked.search.required.items()},
        "found": dict(checked.found),
        "missed": list(checked.missed),
        "absent": list(checked.absent),
    }


def warn(warnings: Iterable[str]) -> None:
    """Print warnings on standard error."""
    for warning in warnings:
        console(stderr=True).print("[yellow]warning:[/yellow]", end=" ")
        console(stderr=True).print(warning, markup=False, soft_wrap=True)


def new_table(first: str, *others: str) -> Table:
    """A table without lines; all columns but the first are numbers."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column(escape(first), overflow="fold")
    for name in others:
        table.add_column(escape(name), justify="right", no_wrap=True)
    return table


def cell(estimate: Estimate | None, *, digits: int = 3) -> str:
    """A figure with its interval."""
    if estimate is None:
        return "–"
    return f"{estimate.value:.{digits}f} [dim]({estimate.low:.{digits}f}–{estimate.high:.{digits}f})[/dim]"
