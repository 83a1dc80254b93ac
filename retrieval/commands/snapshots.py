"""`retrieval snapshot` and `retrieval restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from retrieval.commands.options import CollectionName, DataDir, console, open_workspace

File = Annotated[Path, typer.Argument(help="The snapshot, an uncompressed tar.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(snapshot)
    app.command()(restore)


def snapshot(file: File, collection: CollectionName, data_dir: DataDir = None) -> None:
    """Write all that a collection holds to one file, while searches and writes go on.

    Images that it only refers to stay where they are.
    """
    from retrieval.commands.progress import step_progress

    with open_workspace(data_dir) as workspace, step_progress() as on_progress:
        taken = workspace.snapshot(collection, file, on_progress=on_progress)
    console().print(
        f"{taken.documents:,} documents with {taken.captions:,} captions in {file}", markup=False, soft_wrap=True
    )


def restore(
    file: File,
    collection: Annotated[
        str | None,
        typer.Option("--collection", "-c", help="Name of the new collection [default: the one that it had]."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Make a collection of a snapshot, whichever kind of database it is from."""
    from retrieval.commands.progress import step_progress

    with open_workspace(data_dir) as workspace, step_progress() as on_progress:
        restored = workspace.restore(file, collection, on_progress=on_progress)
        documents, captions = restored.counts()
    console().print(f"restored {restored.name!r} with {documents:,} documents and {captions:,} captions")
