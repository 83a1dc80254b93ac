"""`retrieval models`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(models)


def models(
    word: Annotated[str, typer.Argument(help="Also list every ARCH/PRETRAINED of open_clip that contains this.")] = "",
) -> None:
    """List the models that `--model` takes."""
    for line in _lines(word):
        typer.echo(line)


def _lines(word: str) -> Iterator[str]:
    from retrieval.encoders.presets import PRESETS

    yield "Presets, the recommended one first:"
    for preset in PRESETS.values():
        yield f"  {preset.name} = {preset.model}"
        yield f"      {preset.quality}"
        yield f"      {preset.cost}"
        yield f"      Licence: {preset.licence}"
    yield "  bundled: small, comes with this package, knows the demo world only"
    if not word:
        yield "With a WORD, such as vit-b or siglip, this also lists every ARCH/PRETRAINED that contains it."
        return
    from open_clip import list_pretrained

    found = [f"{arch}/{tag}" for arch, tag in list_pretrained() if word.lower() in f"{arch}/{tag}".lower()]
    yield f"ARCH/PRETRAINED with {word!r}:" if found else f"There is no ARCH/PRETRAINED with {word!r}."
    yield from (f"  {name}" for name in found)
