"""`retrieval repair`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from retrieval.commands.options import AsJson, CollectionName, DataDir, console, open_workspace

if TYPE_CHECKING:
    from retrieval.repairing import Repaired

MOST_LISTED = 20


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(repair)


def repair(
    collection: CollectionName,
    delete_lost: Annotated[
        bool, typer.Option("--delete-lost", help="Delete documents whose vectors cannot be made anew.")
    ] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Make damaged and missing index files anew, from what is stored; the rest stays searchable meanwhile."""
    from retrieval.commands.progress import build_reporter, progress_bar
    from retrieval.repairing import repair as run

    with open_workspace(data_dir) as workspace, progress_bar("vectors") as bar:
        task = bar.add_task("reading every file", total=None)
        repaired = run(
            workspace.open(collection),
            delete_lost=delete_lost,
            on_progress=lambda done, total: bar.update(task, description="embedding", completed=done, total=total),
            on_build=build_reporter(bar),
        )
    if as_json:
        damaged = [{"file": one.file.name, "problem": one.problem} for one in repaired.damaged]
        told = {"damaged": damaged, "embedded": repaired.embedded, "lost": repaired.lost}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        _show(repaired)


def _show(repaired: Repaired) -> None:
    out = console()
    if not repaired.damaged:
        out.print("every file is as written: nothing to repair")
        return
    for damage in repaired.damaged:
        out.print(str(damage), soft_wrap=True)
    out.print(f"made anew, with {repaired.embedded:,} vectors embedded again")
    if repaired.lost:
        out.print(
            f"[yellow]{len(repaired.lost):,} documents are lost[/yellow], and deleted: their pictures cannot be read"
        )
        for doc_id in repaired.lost[:MOST_LISTED]:
            out.print(f"  {doc_id}", markup=False)
        if len(repaired.lost) > MOST_LISTED:
            out.print("  … all of them: --json")
        out.print("the next `retrieval index` takes them for new")
