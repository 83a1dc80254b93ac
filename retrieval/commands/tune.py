"""`retrieval tune`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retrieval.commands.options import AsJson, CollectionName, DataDir, console, open_workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from retrieval.collection import Collection
    from retrieval.tuning import Tuned
    from retrieval.types import FloatArray, IndexParams


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(tune)


def tune(
    collection: CollectionName,
    queries: Annotated[
        Path | None,
        typer.Option(
            "--queries",
            help="What people look for: a text a line, or vectors of the collection's encoder as .npy.",
            show_default=False,
        ),
    ] = None,
    target_recall: Annotated[
        float | None,
        typer.Option(help="Recall@10 that searches are to reach; 0 for a fixed ef_search.", show_default=False),
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(help="What graph searches compare: auto, full, fp16, sq8, rq4, or fp16@192.", show_default=False),
    ] = None,
    m: Annotated[int | None, typer.Option("--m", help="Links a node in the graph.", show_default=False)] = None,
    ef_construction: Annotated[int | None, typer.Option(help="Candidates while building.", show_default=False)] = None,
    ef_search: Annotated[
        int | None, typer.Option(help="Candidates while searching without a target.", show_default=False)
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Fit a collection's graphs to real queries, or change its index: what is affected is built anew and measured."""
    from retrieval.commands.progress import build_reporter, progress_bar
    from retrieval.errors import InputError
    from retrieval.index.parameters import check_index_params
    from retrieval.tuning import tune as run
    from retrieval.types import HnswParams

    with open_workspace(data_dir) as workspace, progress_bar("vectors") as bar:
        opened = workspace.open(collection)
        now = opened.info.index
        index = replace(
            now,
            hnsw=HnswParams(m or now.hnsw.m, ef_construction or now.hnsw.ef_construction),
            storage=storage or now.storage,
            target_recall=now.target_recall if target_recall is None else target_recall or None,
            ef_search=ef_search or now.ef_search,
        )
        check_index_params(index, opened.info.spec.dim)
        if queries is None and index == now:
            raise InputError("nothing to tune: give --queries, or another --target-recall, --storage, --m, ...")
        vectors = None
        if queries is not None:
            task = bar.add_task("embedding queries", total=None)
            vectors = _vectors_of(queries, opened, lambda done, total: bar.update(task, completed=done, total=total))
        tuned = run(opened, index=index, queries=vectors, on_build=build_reporter(bar))
    _show(tuned, index, vectors, as_json=as_json)


def _vectors_of(path: Path, collection: Collection, tell: Callable[[int, int], None]) -> FloatArray:
    """Queries, float32 (n, dim), from a file of lines or of vectors."""
    from retrieval.errors import SourceError
    from retrieval.evaluators.queries import read_vectors
    from retrieval.tuning import embed_lines

    if path.suffix == ".npy":
        return read_vectors(path, dim=collection.info.spec.dim)
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: cannot be read as text: give a query a line, or vectors as .npy") from error
    if not lines:
        raise SourceError(f"{path}: has no queries: give one a line")
    return embed_lines(collection, lines, lambda done: tell(done, len(lines)))


def _show(tuned: Tuned, index: IndexParams, queries: FloatArray | None, *, as_json: bool) -> None:
    if as_json:
        sides = {
            side: {kind: one.as_json() for kind, one in certificates.items()}
            for side, certificates in (("before", tuned.before), ("after", tuned.after))
        }
        typer.echo(json.dumps({"rebuilt": tuned.rebuilt, **sides}, indent=2))
        return
    from retrieval.commands.certificate_tables import certificate_table

    out = console()
    if queries is not None:
        out.print(f"{len(queries):,} queries kept, with which graphs are built and measured from now on")
    for kind in tuned.rebuilt:
        if certificate := tuned.after.get(kind):
            out.print(f"searches of {kind}s, before and after:")
            out.print(
                certificate_table(
                    certificate, target=index.target_recall, ef_search=index.ef_search, before=tuned.before.get(kind)
                )
            )
    if not tuned.rebuilt:
        out.print("the new defaults hold from the next search on; no graph had to be built anew")
