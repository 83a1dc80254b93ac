"""`retrieval train`, given the sources that only this layer can open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from retrieval.training import cli

if TYPE_CHECKING:
    from retrieval.protocols import CatalogSource


def register(app: typer.Typer) -> None:
    """Add the commands."""
    cli.register(app, open_source=_open_source)


def _open_source(location: str) -> CatalogSource:
    from indexer.sources.open import open_source

    return open_source(location)
