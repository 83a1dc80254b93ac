"""`retrieval duplicates`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retrieval.commands.options import AsJson, CollectionName, DataDir, console, open_workspace

if TYPE_CHECKING:
    from retrieval.collection import Collection
    from retrieval.duplicates import DuplicateGroup

MOST_ON_SHEET, MOST_IN_ROW = 100, 16


class By(StrEnum):
    """What makes two documents duplicates."""

    cosine = "cosine"
    hash = "hash"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(duplicates)


def duplicates(
    collection: CollectionName,
    by: Annotated[By, typer.Option("--by", help="Nearly the same vectors, or files of the same bytes.")] = By.cosine,
    min_score: Annotated[float, typer.Option("--min-score", help="Cosine from which two are duplicates.")] = 0.95,
    sheet: Annotated[
        Path | None,
        typer.Option("--sheet", help="Write the groups as a picture (PNG or JPEG) here.", show_default=False),
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Find pictures that a collection holds more than once."""
    from retrieval.commands.progress import progress_bar
    from retrieval.duplicates import near_duplicates, same_bytes

    with open_workspace(data_dir) as workspace, progress_bar("images") as bar:
        opened = workspace.open(collection)
        if by is By.hash:
            groups = same_bytes(opened)
        else:
            task = bar.add_task("looking for the like of each")
            groups = near_duplicates(
                opened,
                min_score=min_score,
                on_progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
        if sheet:
            sheet.write_bytes(_sheet_of(opened, groups, sheet))
    if as_json:
        typer.echo(json.dumps(_document(by, min_score, groups), ensure_ascii=False, indent=2))
    else:
        _show(groups)


def _document(by: By, min_score: float, groups: Sequence[DuplicateGroup]) -> dict[str, object]:
    return {
        "by": by.value,
        "min_score": min_score if by is By.cosine else None,
        "groups": [
            [{"doc_id": doc_id, "score": score} for doc_id, score in zip(group.doc_ids, group.scores, strict=True)]
            for group in groups
        ],
    }


def _show(groups: Sequence[DuplicateGroup]) -> None:
    from retrieval.commands.tables import numbers, plain_table

    rows = [
        ("" if place else str(number), f"{score:.3f}", doc_id)
        for number, group in enumerate(groups, 1)
        for place, (doc_id, score) in enumerate(zip(group.doc_ids, group.scores, strict=True))
    ]
    if groups:
        console().print(plain_table([numbers("group"), numbers("score"), "doc_id"], rows))
    documents = sum(len(group.doc_ids) for group in groups)
    count = "1 group" if len(groups) == 1 else f"{len(groups):,} groups"
    console().print(f"{count} of {documents:,} documents" if groups else "no duplicates")


def _sheet_of(collection: Collection, groups: Sequence[DuplicateGroup], path: Path) -> bytes:
    from retrieval.images.sheet import SheetRow, contact_sheet, format_of

    rows = [
        SheetRow(
            f"{number}. {len(group.doc_ids):,} documents",
            [
                (collection.get(doc_id).image_uri, f"{score:.3f}")
                for doc_id, score in list(zip(group.doc_ids, group.scores, strict=True))[:MOST_IN_ROW]
            ],
        )
        for number, group in enumerate(groups[:MOST_ON_SHEET], 1)
    ]
    return contact_sheet(rows, file_format=format_of(path))
