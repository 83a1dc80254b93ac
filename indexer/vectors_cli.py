"""`retrieval import-vectors`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from retrieval.commands.options import (
    CollectionName,
    DataDir,
    DefaultEf,
    DefaultRecall,
    EfConstruction,
    Links,
    Storage,
    console,
    index_params,
    open_workspace,
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import-vectors")(import_vectors)


def import_vectors(
    folder: Annotated[Path, typer.Argument(help="Output of `clip-retrieval inference` (img_emb/, metadata/).")],
    collection: CollectionName,
    encoder_name: Annotated[
        str, typer.Option(help="What made the vectors; kept as the collection's model.")
    ] = "external",
    m: Links = 32,
    ef_construction: EfConstruction = 200,
    storage: Storage = "auto",
    target_recall: DefaultRecall = 0.98,
    ef_search: DefaultEf = 64,
    data_dir: DataDir = None,
) -> None:
    """Load image vectors that were computed elsewhere; search them by vector or by stored document."""
    from indexer.vectors import find_shards, import_shards
    from retrieval.commands.progress import build_reporter, progress_bar
    from retrieval.types import ModelReference, external_spec

    shards = find_shards(folder)
    with open_workspace(data_dir) as workspace, progress_bar("vectors") as bar:
        spec = external_spec(encoder_name, shards[0].vectors.shape[1])
        opened = workspace.create(
            collection,
            spec,
            ModelReference(encoder_name),
            index=index_params(m, ef_construction, storage, target_recall, ef_search),
            caption_vectors=False,
        )
        task = bar.add_task("importing", total=sum(len(shard.vectors) for shard in shards))
        count = import_shards(shards, opened, on_progress=lambda done: bar.update(task, completed=done))
        opened.compact(on_build=build_reporter(bar))
    console().print(f"{count:,} vectors imported into {collection!r}")
