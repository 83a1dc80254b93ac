"""`retrieval alias`: other names for collections."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from retrieval.commands.options import AsJson, CollectionName, DataDir, console, open_workspace

Name = Annotated[str, typer.Argument(help="The alias.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    aliases = typer.Typer(help="Other names for collections.", no_args_is_help=True)
    aliases.command("put")(put)
    aliases.command("list")(list_all)
    aliases.command("delete")(delete)
    app.add_typer(aliases, name="alias")


def put(alias: Name, collection: CollectionName, data_dir: DataDir = None) -> None:
    """Lead an alias to a collection, at once for everybody, whether it is new or led elsewhere before."""
    with open_workspace(data_dir) as workspace:
        made = workspace.put_alias(alias, collection)
    console().print(f"{made.name!r} leads to {made.collection!r}")


def list_all(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Show where each alias leads."""
    with open_workspace(data_dir) as workspace:
        found = workspace.aliases()
    if as_json:
        typer.echo(json.dumps({"aliases": [asdict(alias) for alias in found]}, indent=2))
        return
    for alias in found:
        console().print(f"{alias.name} -> {alias.collection}", markup=False)


def delete(alias: Name, data_dir: DataDir = None) -> None:
    """Forget an alias; the collection stays."""
    with open_workspace(data_dir) as workspace:
        workspace.delete_alias(alias)
    console().print(f"deleted {alias!r}")
