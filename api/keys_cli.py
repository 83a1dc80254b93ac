"""`retrieval keys`: who may ask the service."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer

from retrieval.commands.options import AsJson, DataDir, console, open_workspace

LONGEST_NAME = 100


class ScopeChoice(StrEnum):
    """What a key allows; each includes the ones before it."""

    read = "read"
    write = "write"
    admin = "admin"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    keys = typer.Typer(help="Keys of the HTTP service.", no_args_is_help=True)
    keys.command("create")(create)
    keys.command("list")(list_keys)
    keys.command("revoke")(revoke)
    app.add_typer(keys, name="keys")


def create(
    name: Annotated[str, typer.Option(help="What it is for, such as the client's name.", show_default=False)],
    scope: Annotated[
        ScopeChoice,
        typer.Option(help="read: search; write: change documents, start jobs; admin: collections and keys too."),
    ] = ScopeChoice.read,
    data_dir: DataDir = None,
) -> None:
    """Make a key and print it, once: only its digest is stored."""
    from retrieval.errors import InputError
    from retrieval.metadata import api_keys

    if not (0 < len(name) <= LONGEST_NAME and name.isprintable()):
        raise InputError(f"a key's name has 1 to {LONGEST_NAME} printable characters")
    with open_workspace(data_dir) as workspace, workspace.database.write() as connection:
        _, token = api_keys.create(connection, name=name, scope=scope.value)
    console(stderr=True).print("keep it, it is not shown again; clients send it as `Authorization: Bearer KEY`")
    typer.echo(token)


def list_keys(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Show the keys, revoked ones included."""
    from rich.markup import escape
    from rich.table import Table

    from retrieval.metadata import api_keys

    with open_workspace(data_dir) as workspace, workspace.database.read() as connection:
        keys = api_keys.listed(connection)
    if as_json:
        typer.echo(json.dumps({"keys": [asdict(key) for key in keys]}, default=str, indent=2))
        return
    if not keys:
        console().print("no keys yet: retrieval keys create --name NAME --scope read")
        return
    table = Table("name", "scope", "created", "revoked", box=None, pad_edge=False)
    for key in keys:
        revoked = f"{key.revoked_at:%Y-%m-%d %H:%M} UTC" if key.revoked_at else ""
        table.add_row(escape(key.name), key.scope, f"{key.created_at:%Y-%m-%d %H:%M} UTC", revoked)
    console().print(table)


def revoke(
    name: Annotated[str, typer.Argument(help="Name of the key.", show_default=False)], data_dir: DataDir = None
) -> None:
    """Make a key useless, from the next request on."""
    from retrieval.metadata import api_keys

    with open_workspace(data_dir) as workspace, workspace.database.write() as connection:
        api_keys.revoke(connection, name)
    console().print(f"revoked {name!r}", markup=False)
