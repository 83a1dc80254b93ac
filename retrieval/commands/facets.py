"""`retrieval facets`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from retrieval.commands.options import AsJson, CollectionName, DataDir, Filter, console, open_workspace

if TYPE_CHECKING:
    from retrieval.facets import Facet, Histogram


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(facets)


def facets(
    collection: CollectionName,
    attributes: Annotated[
        list[str] | None, typer.Argument(help="Attributes to count; all by default.", show_default=False)
    ] = None,
    filter: Filter = None,  # noqa: A002
    values: Annotated[int, typer.Option("--values", help="How many of the most frequent values to list.")] = 10,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Count the values of attributes over all documents, or over those that a filter keeps."""
    with open_workspace(data_dir) as workspace:
        counted = workspace.open(collection).facets(attributes or None, filter=filter, values=values)
    if as_json:
        document = {"facets": [{**asdict(facet), "type": facet.type} for facet in counted]}
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        _show(counted)


def _show(counted: tuple[Facet, ...]) -> None:
    from retrieval.commands.tables import numbers, plain_table

    rows = [(facet.attribute, facet.type, f"{facet.documents:,}", _values(facet)) for facet in counted]
    table = plain_table(["attribute", "type", numbers("documents"), "values"], rows)
    console().print(table if counted else "no attributes")


def _values(facet: Facet) -> str:
    said = [_extent(histogram) for histogram in (facet.numbers, facet.dates) if histogram]
    said.extend(f"{one.value} ({one.count:,})" for one in facet.values)
    others = facet.distinct - len(facet.values)
    return ", ".join(said) + (f" and {others:,} more" if others else "")


def _extent(histogram: Histogram) -> str:
    return f"{histogram.min} to {histogram.max}"
