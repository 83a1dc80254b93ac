"""`retrieval status`, `verify`, `compact`, `delete` and `db upgrade`."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from retrieval.commands.options import AsJson, CollectionName, DataDir, console, open_workspace, settings_of
from retrieval.quantities import show_bytes

if TYPE_CHECKING:
    from rich.table import Table

    from retrieval.overview import CollectionStatus


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(status)
    app.command()(verify)
    app.command()(compact)
    app.command()(delete)
    database = typer.Typer(help="The database's schema.", no_args_is_help=True)
    database.command("upgrade")(upgrade)
    app.add_typer(database, name="db")


def status(
    as_json: AsJson = False,
    rejects: Annotated[
        bool, typer.Option("--rejects", help="List the files that could not be indexed, with reasons.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Show the collections: model, counts, generations, disk and memory, and what recall searches reach."""
    from rich.padding import Padding
    from rich.text import Text

    from retrieval.commands.certificate_tables import certificate_table
    from retrieval.status import all_statuses, rejected

    with open_workspace(data_dir) as workspace:
        found = all_statuses(workspace)
        listed = {one.name: rejected(workspace, one.name) for one in found} if rejects else {}
    if as_json:
        documents = [{**asdict(one), "rejects": [asdict(r) for r in listed.get(one.name, ())]} for one in found]
        typer.echo(json.dumps({"collections": documents}, default=str, indent=2))
        return
    if not found:
        console().print("no collections yet: retrieval index FOLDER --collection NAME")
        return
    for one in found:
        console().print(_describe(one))
        for kind, certificate in one.certificates.items():
            table = certificate_table(certificate, target=one.target_recall, ef_search=one.ef_search)
            console().print(f"  searches of {kind}s, as measured over {certificate.rows:,} vectors")
            console().print(Padding(table, (0, 0, 0, 2)))
    for name, entries in listed.items():
        for entry in entries:
            told = Text.assemble(f"{name}: {entry.doc_id}: ", (entry.reason, "yellow"), f": {entry.detail}")
            console().print(told)


def verify(collection: CollectionName, data_dir: DataDir = None) -> None:
    """Read every index file through and compare it with its recorded checksum."""
    from retrieval.verification import verify as run

    with open_workspace(data_dir) as workspace:
        checked = run(workspace.open(collection))
    count = f"{checked.segments} segment{'' if checked.segments == 1 else 's'}, {checked.files} files"
    console().print(f"{count}, {show_bytes(checked.bytes)}: all as written")


def compact(
    collection: CollectionName,
    exact_rows: Annotated[
        int | None,
        typer.Option(min=0, help="Up to so many vectors stay without a graph [default: 10,000].", show_default=False),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Link new vectors into the graph and drop deleted ones."""
    from retrieval.commands.progress import build_progress

    with open_workspace(data_dir) as workspace, build_progress() as on_build:
        merges = workspace.open(collection).compact(exact_rows=exact_rows, on_build=on_build)
    console().print(f"{merges} merge{'' if merges == 1 else 's'}" if merges else "nothing to do")


def delete(
    collection: CollectionName,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    force: Annotated[bool, typer.Option("--force", help="With the aliases that lead to it.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Delete a collection with all it holds (its snapshots stay, and images that it only refers to)."""
    with open_workspace(data_dir) as workspace:
        count = len(workspace.open(collection))
        if not yes:
            typer.confirm(f"Delete collection {collection!r} with {count:,} documents?", abort=True)
        workspace.delete(collection, force=force)
    console().print(f"deleted {collection!r}")


def upgrade(data_dir: DataDir = None) -> None:
    """Bring the database's schema to this release's."""
    from retrieval.metadata.database import Database

    with closing(Database(settings_of(data_dir).resolved_database_url)) as database:
        database.upgrade()
        console().print(f"the database has schema {database.schema_revision()}")


def _describe(one: CollectionStatus) -> Table:
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_row(f"[bold]{one.name}[/bold]")
    if one.aliases:
        table.add_row("  aliases", ", ".join(one.aliases))
    for name, value in (
        ("model", f"{one.model} ({one.dim}-d{', ' + one.precision if one.precision else ''})"),
        ("documents", f"{one.documents:,} with {one.captions:,} captions; {one.rejected:,} rejected"),
        ("index", f"{one.index}, generation {one.generation}; {_goal(one)}"),
        ("disk", f"{show_bytes(one.disk_bytes)}, {show_bytes(one.memory_bytes)} of it best in memory"),
    ):
        table.add_row(f"  {name}", value)
    return table


def _goal(one: CollectionStatus) -> str:
    return f"target recall {one.target_recall}" if one.target_recall else f"ef_search {one.ef_search}"
