"""`retrieval eval`: how good a collection is at finding what it should."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retrieval.commands.options import AsJson, CollectionName, DataDir, EfSearch, console, open_workspace

if TYPE_CHECKING:
    from retrieval.collection import Collection
    from retrieval.evaluation import Estimate
    from retrieval.evaluators.caption_task import CaptionTask
    from retrieval.evaluators.captions import DirectionReport


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(help="Measure how good a collection is at finding what it should.", no_args_is_help=True)
    group.command("captions")(captions)
    group.command("list")(list_runs)
    app.add_typer(group, name="eval")


def captions(
    collection: CollectionName,
    dataset: Annotated[
        str | None,
        typer.Argument(help="Anything that can be indexed, with captions; default: the collection's own captions."),
    ] = None,
    k: Annotated[list[int] | None, typer.Option("--k", help="Cut-offs; may be repeated [default: 1, 5, 10].")] = None,
    ef_search: EfSearch = None,
    split: Annotated[str | None, typer.Option(help="Only this split of a Karpathy JSON.", show_default=False)] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the report.", show_default=False)] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Image-caption retrieval both ways, through the index and exactly, with a report to look at."""
    from retrieval.errors import InputError
    from retrieval.evaluators.captions import evaluate_captions
    from retrieval.evaluators.report import write_report
    from retrieval.metadata import evaluations

    cutoffs = tuple(sorted(set(k or (1, 5, 10))))
    if not 1 <= cutoffs[0] <= cutoffs[-1] <= 1_000:
        raise InputError("--k must be in 1..1,000")
    with open_workspace(data_dir) as workspace:
        opened = workspace.open(collection)
        task = _task(opened, dataset, split)
        reports = evaluate_captions(opened, task, cutoffs=cutoffs, ef_search=ef_search)
        config = _config(opened, dataset, split, cutoffs, ef_search)
        folder = out or workspace.data_dir / "evaluations" / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{collection}"
        metrics = write_report(folder, opened, reports, task.captions, config)
        with workspace.database.write() as connection:
            evaluations.add(
                connection,
                opened.info.id,
                kind="captions",
                config=config,
                metrics=metrics,
                folder=str(folder.absolute()),
            )
    if as_json:
        typer.echo(json.dumps(metrics, indent=2, allow_nan=False))
        return
    if task.missing:
        console().print(f"[yellow]warning:[/yellow] {task.missing:,} images of the dataset are not in the collection")
    for report in reports:
        _show(report)
    console().print(f"report: {folder / 'report.html'}", markup=False, soft_wrap=True)


def list_runs(data_dir: DataDir = None) -> None:
    """List the evaluations that were run, the newest first."""
    from rich.table import Table

    from retrieval.metadata import evaluations

    with open_workspace(data_dir) as workspace, workspace.database.read() as connection:
        found = evaluations.all_of_them(connection)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("run", "when (UTC)", "collection", "what", "report"):
        table.add_column(name, overflow="fold")
    for one in found:
        when = f"{one.created_at:%Y-%m-%d %H:%M}"
        table.add_row(str(one.id), when, one.collection, one.kind, f"{one.folder}/report.html")
    console().print(table if found else "no evaluations yet: retrieval eval captions --collection NAME")


def _task(collection: Collection, dataset: str | None, split: str | None) -> CaptionTask:
    from indexer.sources.open import open_source
    from retrieval.evaluators.caption_task import captions_of, own_captions

    if dataset is None:
        return own_captions(collection)
    source = open_source(dataset, split=split)
    source.check()
    return captions_of(collection, source.records())


def _config(
    collection: Collection, dataset: str | None, split: str | None, cutoffs: tuple[int, ...], ef_search: int | None
) -> dict[str, Any]:
    from retrieval import __version__

    return {
        "command": "retrieval eval captions",
        "version": __version__,
        "collection": collection.name,
        "encoder_id": collection.info.spec.encoder_id,
        "model": str(collection.info.spec),
        "generation": collection.views.latest().generation.number,
        "dataset": dataset or "the collection's own captions",
        "split": split,
        "k": list(cutoffs),
        "ef_search": ef_search or collection.info.ef_search,
    }


def _show(report: DirectionReport) -> None:
    from rich.table import Table

    knob = f"ef_search {report.ef_search}" if report.ef_search else "exact, too few for a graph"
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column(f"{report.direction}, {report.exact.counts.queries:,} queries")
    table.add_column(f"served ({knob})" if report.served else "no index", justify="right")
    table.add_column("exact search", justify="right")
    for name, exact in report.exact.measures.items():
        served = report.served.measures.get(name) if report.served else None
        table.add_row(_label(name), _cell(served), _cell(exact))
    for k, blame in report.blame.items():
        parts = ", ".join(f"{count:,} the {stage}'s" for stage, count in blame.blame.items())
        table.add_row(f"[dim]misses at {k}[/dim]", f"[dim]{blame.misses:,}[/dim]", f"[dim]{parts}[/dim]")
    console().print(table)
    console().print()


def _label(name: str) -> str:
    return f"{name} (R@{name[4:]})" if name.startswith("hit@") else name


def _cell(estimate: Estimate | None) -> str:
    if estimate is None:
        return "–"
    digits = 3 if estimate.value < 1.5 else 1
    return f"{estimate.value:.{digits}f} [dim]({estimate.low:.{digits}f}–{estimate.high:.{digits}f})[/dim]"
