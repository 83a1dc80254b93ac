"""`retrieval plan`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retrieval.commands.options import AsJson, DataDir, console, open_workspace

if TYPE_CHECKING:
    from retrieval.planning.plan import IndexPlan, Way
    from retrieval.planning.sample import PlanSample

HEADS = ("storage", "m", "B each", "memory", "disk", "build", "recall", "loss", "ef", "per s", "")
MOST_DIM = 16_384


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(plan)


def plan(
    count: Annotated[
        str | None, typer.Option(help="How many vectors, such as 10M [default: the collection's].", show_default=False)
    ] = None,
    dim: Annotated[
        int | None, typer.Option(help="Their dimensions [default: the collection's].", show_default=False)
    ] = None,
    memory: Annotated[
        str | None, typer.Option(help="Memory that the index may take, such as 16GB.", show_default=False)
    ] = None,
    target_recall: Annotated[float, typer.Option(help="Recall@10 that searches are to reach.")] = 0.98,
    collection: Annotated[
        str | None,
        typer.Option("--collection", "-c", help="Try plans on its vectors and captions.", show_default=False),
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Compare ways to index: memory, disk and build time predicted, recall and speed measured on a sample."""
    from retrieval.certificate import LEAST_TARGET, MOST_TARGET
    from retrieval.commands.progress import progress_bar
    from retrieval.errors import InputError
    from retrieval.planning.plan import plan_index
    from retrieval.quantities import parse_bytes, parse_count

    limit = parse_bytes(memory) if memory else None
    rows = parse_count(count) if count else None
    if not LEAST_TARGET <= target_recall <= MOST_TARGET:
        raise InputError(f"target_recall is {target_recall}: give {LEAST_TARGET} to {MOST_TARGET}")
    with progress_bar("plans") as bar:
        task = bar.add_task("trying plans", total=None)
        sample, stored = _own_sample(collection, dim, data_dir) if collection else (_made_sample(dim), None)
        wanted = rows or stored
        if wanted is None:
            raise InputError("how many vectors? give --count 10M, or a collection")
        planned = plan_index(
            sample,
            count=wanted,
            memory=limit,
            target_recall=target_recall,
            on_progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    if as_json:
        best = planned.ways.index(planned.best) if planned.best else None
        told = {**asdict(planned), "best": best, "sample": len(sample.vectors), "count": wanted}
        typer.echo(json.dumps(told, indent=2))
        return
    _show(planned, sample, wanted)
    _advise(planned, target_recall, collection)


def _own_sample(name: str, dim: int | None, data_dir: Path | None) -> tuple[PlanSample, int]:
    """Vectors of a collection, and how many it has."""
    from retrieval.errors import InputError
    from retrieval.planning.sample import sample_of

    with open_workspace(data_dir) as workspace:
        collection = workspace.open(name)
        if dim not in (None, collection.info.spec.dim):
            raise InputError(f"collection {name!r} has vectors of {collection.info.spec.dim} dimensions, not {dim}")
        return sample_of(collection), collection.views.latest().rows("image")


def _made_sample(dim: int | None) -> PlanSample:
    from retrieval.errors import InputError
    from retrieval.planning.sample import made_sample

    if dim is None or not 8 <= dim <= MOST_DIM:
        raise InputError(f"give --dim, the dimensions of the vectors, 8 to {MOST_DIM:,}; or a collection")
    return made_sample(dim)


def _show(planned: IndexPlan, sample: PlanSample, wanted: int) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    for head in HEADS:
        table.add_column(head, justify="left" if head in ("storage", "") else "right", no_wrap=True)
    for way in planned.ways:
        table.add_row(*_cells(planned, way, wanted), style="bold green" if way is planned.best else None)
    out = console()
    out.print(table)
    out.print(
        f"Predicted for {wanted:,} vectors on this machine: memory, disk, build. Measured on {len(sample.vectors):,}: "
        f"recall@10 at ef_search {planned.ef_search}, what of it the storage loses, the ef_search that reaches the "
        "target, and searches a second with it, one after the other. With more vectors, all find less and take longer."
    )


def _cells(planned: IndexPlan, way: Way, wanted: int) -> list[str]:
    from retrieval.quantities import show_bytes, show_seconds

    return [
        way.storage,
        str(way.m),
        f"{way.footprint.resident / wanted:,.0f}",
        show_bytes(way.footprint.resident),
        show_bytes(way.footprint.disk),
        show_seconds(way.build_seconds),
        f"{way.recall:.3f}",
        f"{planned.loss(way):.3f}",
        str(way.ef_search or "–"),
        f"{way.rate:,.0f}" if way.rate else "–",
        "take this" if way is planned.best else "" if way.fits else "too large",
    ]


def _advise(planned: IndexPlan, target_recall: float, collection: str | None) -> None:
    out, best = console(), planned.best
    if best is None:
        out.print("[yellow]nothing fits:[/yellow] more memory, fewer vectors, or an encoder of fewer dimensions")
        return
    if best.ef_search is None:
        out.print(f"[yellow]nothing that fits reaches {target_recall}[/yellow] on the sample")
    options = f"--storage {best.storage} --m {best.m} --target-recall {target_recall}"
    command = f"tune -c {collection}" if collection else "index SOURCE -c NAME"
    out.print(f"retrieval {command} {options}", soft_wrap=True)
