"""`retrieval eval index`: what the approximate index costs and what it saves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retrieval.commands.options import AsJson, CollectionName, DataDir, console, open_workspace

if TYPE_CHECKING:
    from retrieval.evaluators.index_sweep import Point, Series

SELECTIVITIES = (0.5, 0.1, 0.01, 0.001)


def measure_index(
    collection: CollectionName,
    ef: Annotated[
        list[int] | None,
        typer.Option(
            "--ef",
            help="ef_search to try; may be repeated [default: k, doubled six times, and the collection's own].",
            show_default=False,
        ),
    ] = None,
    k: Annotated[int, typer.Option("--k", help="Recall is of so many nearest, 1 to 1,000.")] = 10,
    queries: Annotated[int, typer.Option(help="Most queries of each kind.")] = 1000,
    selectivity: Annotated[
        list[float] | None,
        typer.Option(
            help="Share of documents that a filter allows, drawn at random; may be repeated "
            "[default: 0.5, 0.1, 0.01, 0.001].",
            show_default=False,
        ),
    ] = None,
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", "-f", help="A filter of your own; may be repeated.", show_default=False),
    ] = None,
    vectors: Annotated[
        Path | None,
        typer.Option(help="Vectors of texts, made by the collection's encoder: .npy.", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the samples.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder of the report.", show_default=False)] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Recall against exact search, speed and latency of the index over a sweep of ef_search, with a report."""
    from retrieval.commands.evaluation_tables import warn
    from retrieval.commands.progress import step_progress
    from retrieval.evaluators.index_complete import complete_index
    from retrieval.evaluators.queries import read_vectors

    with step_progress() as on_progress, open_workspace(data_dir) as workspace:
        opened = workspace.open(collection)
        complete = complete_index(
            workspace,
            opened,
            k=k,
            values=ef or (),
            most=queries,
            selectivities=selectivity or SELECTIVITIES,
            filters=filters or (),
            vectors=read_vectors(vectors, dim=opened.info.spec.dim) if vectors else None,
            given={"vectors": str(vectors) if vectors else None},
            seed=seed,
            folder=out,
            on_progress=on_progress,
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
