"""`retrieval eval index`: what the approximate index costs and what it saves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from retrieval.commands.evaluation_options import EfValues, Filters, Out, Selectivities, TextVectors
from retrieval.commands.options import AsJson, CollectionName, DataDir, console, open_workspace

if TYPE_CHECKING:
    from retrieval.evaluators.index_sweep import Point, Series


def measure_index(
    collection: CollectionName,
    ef: EfValues = None,
    k: Annotated[int, typer.Option("--k", help="Recall is of so many nearest, 1 to 1,000.")] = 10,
    queries: Annotated[int, typer.Option(help="Most queries of each kind.")] = 1000,
    selectivity: Selectivities = None,
    filters: Filters = None,
    vectors: TextVectors = None,
    seed: Annotated[int, typer.Option(help="Of the samples.")] = 0,
    out: Out = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Recall against exact search, speed and latency of the index over a sweep of ef_search, with a report."""
    from retrieval.commands.evaluation_tables import warn
    from retrieval.commands.progress import step_progress
    from retrieval.evaluators.index_complete import complete_index
    from retrieval.evaluators.index_queries import SELECTIVITIES
    from retrieval.evaluators.queries import read_vectors
    from retrieval.evaluators.subject import Subject

    with step_progress() as on_progress, open_workspace(data_dir) as workspace:
        opened = workspace.open(collection)
        complete = complete_index(
            Subject(workspace, opened, out, on_progress),
            k=k,
            values=ef or (),
            most=queries,
            selectivities=selectivity or SELECTIVITIES,
            filters=filters or (),
            vectors=read_vectors(vectors, dim=opened.info.spec.dim) if vectors else None,
            given={"vectors": str(vectors) if vectors else None},
            seed=seed,
        )
    warn(complete.warnings)
    if as_json:
        typer.echo(json.dumps(complete.metrics, indent=2, allow_nan=False))
        return
    for series in complete.series:
        _show(series, k)
    console().print(f"report: {complete.folder / 'report.html'}", markup=False, soft_wrap=True)


def _show(series: Series, k: int) -> None:
    from retrieval.commands.evaluation_tables import new_table
    from retrieval.evaluators.index_page import describe_queries
    from retrieval.evaluators.index_sweep import advice

    table = new_table("ef", "run as", f"recall@{k}", "queries/s", "batched", "p50", "p95", "p99 ms")
    for name, point in series.settings():
        table.add_row(name, *_cells(point))
    console().print(describe_queries(series), style="bold", markup=False, soft_wrap=True)
    console().print(table)
    for line in advice(series):
        console().print(line, style="dim", markup=False, soft_wrap=True)
    console().print()


def _cells(point: Point) -> list[str]:
    from retrieval.commands.evaluation_tables import cell
    from retrieval.evaluators.index_page import describe_plan

    timing = point.timing
    speeds = [f"{speed:,.0f}" for speed in (timing.queries_per_second, timing.batched_queries_per_second)]
    latencies = [f"{each:.2f}" for each in (timing.p50, timing.p95, timing.p99)]
    return [describe_plan(point), cell(point.recall), *speeds, *latencies]
