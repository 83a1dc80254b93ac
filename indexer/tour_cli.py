"""`retrieval tour`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retrieval.commands.options import console, open_workspace

if TYPE_CHECKING:
    from indexer.tour import Stop


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(tour)


def tour(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the demo: catalogue, index, contact sheet.")],
    count: Annotated[int, typer.Option(help="How many pictures.")] = 2_000,
) -> None:
    """Draw a demo catalogue, index it with the bundled model, and show searches of every kind."""
    from indexer.tour import prepare, sheet_of, visit
    from retrieval.commands.progress import progress_bar

    with open_workspace(folder / "retrieval-data") as workspace:
        with progress_bar("images") as bar:
            drawing = bar.add_task("drawing", total=count)
            indexing = bar.add_task("indexing", total=count)
            collection, report = prepare(
                folder / "catalogue",
                workspace,
                count=count,
                on_draw=lambda done: bar.update(drawing, completed=done),
                on_progress=lambda so_far: bar.update(indexing, completed=so_far.done),
            )
        console().print(
            f"{report.indexed:,} pictures indexed, {report.unchanged:,} unchanged, in {report.seconds:.1f} s "
            f"({report.images_per_second:.0f} images/s)\n"
        )
        stops = visit(collection)
        sheet = folder / "hits.png"
        sheet.write_bytes(sheet_of(collection, stops))
        for stop in stops:
            _show(stop)
        console().print(f"all of it as a picture: {sheet}", markup=False)


def _show(stop: Stop) -> None:
    from rich.table import Table

    console().print(f"[bold]{stop.title}[/bold]")
    console().print(f"$ {stop.command}", style="dim", markup=False, soft_wrap=True)
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for hit in stop.result.hits[:5]:
        table.add_row(str(hit.rank), f"{hit.score:.3f}", hit.doc_id, hit.captions[0])
    console().print(table)
    took = stop.result.timings
    console().print(
        f"[dim]encode {took['encode'] * 1000:.1f} ms, search {took['search'] * 1000:.1f} ms, "
        f"metadata {took['metadata'] * 1000:.1f} ms[/dim]\n"
    )
