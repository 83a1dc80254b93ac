"""`retrieval models`."""

from __future__ import annotations

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(models)


def models(
    word: Annotated[str, typer.Argument(help="Also list every ARCH/PRETRAINED of open_clip that contains this.")] = "",
) -> None:
    """List the models that `--model` takes."""
    from retrieval.encoders.listing import lines

    for line in lines(word):
        typer.echo(line)
