"""`retrieval create`."""

from __future__ import annotations

from typing import Annotated

import typer

from retrieval.commands.options import (
    CaptionVectors,
    Checkpoint,
    CollectionName,
    DataDir,
    DefaultEf,
    DefaultRecall,
    EfConstruction,
    Links,
    Model,
    Precision,
    Storage,
    console,
    index_params,
    model_reference,
    open_workspace,
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(create)


def create(
    collection: CollectionName,
    model: Model = None,
    checkpoint: Checkpoint = None,
    like: Annotated[
        str | None,
        typer.Option("--like", help="A collection whose model and settings to take.", show_default=False),
    ] = None,
    precision: Precision = "auto",
    caption_vectors: CaptionVectors = True,
    m: Links = 32,
    ef_construction: EfConstruction = 200,
    storage: Storage = "auto",
    target_recall: DefaultRecall = 0.98,
    ef_search: DefaultEf = 64,
    data_dir: DataDir = None,
) -> None:
    """Make an empty collection, for a model or like another one; `retrieval index` makes its own by itself."""
    from retrieval.errors import InputError
    from retrieval.opening import create_for_model

    asked = model_reference(model, checkpoint)
    if (asked is None) == (like is None):
        raise InputError("give one of --model and --like")
    with open_workspace(data_dir) as workspace:
        if like is not None:
            made = workspace.create_like(collection, like)
        elif asked is not None:
            made = create_for_model(
                workspace,
                collection,
                asked,
                index=index_params(m, ef_construction, storage, target_recall, ef_search),
                caption_vectors=caption_vectors,
                precision=precision,
            )
        console().print(f"made {made.name!r} for {made.info.spec}")
