"""`retrieval search`, `similar` and `captions`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Annotated

import typer

from retrieval.commands.options import (
    AsJson,
    Checkpoint,
    CollectionName,
    DataDir,
    Diversity,
    EfSearch,
    Exact,
    Filter,
    GroupBy,
    HitCount,
    LexicalWeight,
    MinScore,
    Mode,
    Model,
    TargetRecall,
    console,
    model_reference,
    open_workspace,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from retrieval.collection import Collection
    from retrieval.search.options import SearchOptions
    from retrieval.types import CaptionHit, Hit, Plan, SearchResult

RANKINGS = ("vector", "lexical")
WEAK_MATCH = "99 % of the catalogue's own captions (or pictures) find something that fits better"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(search)
    app.command()(similar)
    app.command()(captions)


def search(
    collection: CollectionName,
    text: Annotated[str | None, typer.Argument(help="Words to look for.", show_default=False)] = None,
    image: Annotated[
        Path | None, typer.Option("--image", "-i", help="A picture to look for the like of; with a text, both count.")
    ] = None,
    k: HitCount = 10,
    filter: Filter = None,  # noqa: A002
    min_score: MinScore = None,
    diversity: Diversity = 0.0,
    group_by: GroupBy = None,
    ef_search: EfSearch = None,
    target_recall: TargetRecall = None,
    exact: Exact = False,
    mode: Mode = "vector",
    lexical_weight: LexicalWeight = 1.0,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", help="Write the hits as a picture (PNG or JPEG) here.", show_default=False)
    ] = None,
    as_json: AsJson = False,
    model: Model = None,
    checkpoint: Checkpoint = None,
    data_dir: DataDir = None,
) -> None:
    """Find images by text, by image, or by both."""
    from retrieval.search.options import SearchOptions
    from retrieval.search.terms import terms_of

    options = SearchOptions(
        k=k,
        ef_search=ef_search,
        target_recall=target_recall,
        exact=exact,
        filter=filter,
        min_score=min_score,
        diversity=diversity,
        group_by=group_by,
        mode=mode,
        lexical_weight=lexical_weight,
    )
    with _opened(collection, data_dir, model, checkpoint) as opened:
        result = opened.find(terms_of(text, image=image), options)
        if sheet:
            _write_sheet(sheet, opened, result.hits, title=text or str(image))
        _show(result, options, as_json=as_json)


def similar(
    collection: CollectionName,
    doc_id: Annotated[str, typer.Argument(help="A stored document.")],
    k: HitCount = 10,
    filter: Filter = None,  # noqa: A002
    min_score: MinScore = None,
    diversity: Diversity = 0.0,
    group_by: GroupBy = None,
    ef_search: EfSearch = None,
    target_recall: TargetRecall = None,
    exact: Exact = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Find images like a stored one."""
    from retrieval.search.options import SearchOptions
    from retrieval.search.terms import terms_of

    options = SearchOptions(
        k=k,
        ef_search=ef_search,
        target_recall=target_recall,
        exact=exact,
        filter=filter,
        min_score=min_score,
        diversity=diversity,
        group_by=group_by,
        without=doc_id,
    )
    with _opened(collection, data_dir) as opened:
        _show(opened.find(terms_of(doc_id=doc_id), options), options, as_json=as_json)


def captions(
    collection: CollectionName,
    image: Annotated[Path, typer.Argument(help="A picture.")],
    k: HitCount = 10,
    filter: Filter = None,  # noqa: A002
    ef_search: EfSearch = None,
    target_recall: TargetRecall = None,
    as_json: AsJson = False,
    model: Model = None,
    checkpoint: Checkpoint = None,
    data_dir: DataDir = None,
) -> None:
    """Find the captions of the catalogue that describe a picture best."""
    with _opened(collection, data_dir, model, checkpoint) as opened:
        hits = opened.captions(image, k=k, filter=filter, ef_search=ef_search, target_recall=target_recall)
    if as_json:
        typer.echo(json.dumps({"captions": [asdict(hit) for hit in hits]}, ensure_ascii=False, indent=2))
    else:
        _show_captions(hits)


@contextmanager
def _opened(
    name: str, data_dir: Path | None, model: str | None = None, checkpoint: Path | None = None
) -> Iterator[Collection]:
    from retrieval.opening import open_existing

    with open_workspace(data_dir) as workspace:
        yield open_existing(workspace, name, model_reference(model, checkpoint))


def _show(result: SearchResult, options: SearchOptions, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(as_document(result), ensure_ascii=False, indent=2))
        return
    console().print(_hit_table(result) if result.hits else "no hits")
    if result.match is not None and result.match.weak:
        console().print(f"[yellow]no good match:[/yellow] {WEAK_MATCH}")
    times = ", ".join(f"{stage} {seconds * 1000:.1f} ms" for stage, seconds in result.timings.items())
    console().print(f"[dim]{_describe(result.plan, options)}; {times}[/dim]")


def _hit_table(result: SearchResult) -> Table:
    """With the captions where there are some, and the ranks of both rankings where these were fused."""
    from rich.table import Column

    from retrieval.commands.tables import numbers, plain_table

    fused = result.plan.mode == "hybrid"
    has_captions = any(hit.captions for hit in result.hits)

    def row_of(hit: Hit) -> list[str]:
        said = shorten(", ".join(f"{name}={value}" for name, value in hit.attributes.items()), 64, placeholder=" …")
        caption = [(hit.captions or ("",))[0]] if has_captions else []
        ranks = [str((hit.ranks or {}).get(name, "-")) for name in RANKINGS] if fused else []
        score = f"{hit.score:.4f}" if fused else f"{hit.score:.3f}"
        return [str(hit.rank), score, *ranks, hit.doc_id, *caption, said]

    counted = [numbers(name) for name in ("rank", "score", *(RANKINGS if fused else ()))]
    captions = [Column("caption")] if has_captions else []
    columns = [*counted, Column("doc_id", no_wrap=True), *captions, Column("attributes", style="dim")]
    return plain_table(columns, map(row_of, result.hits))


def _describe(plan: Plan, options: SearchOptions) -> str:
    """The plan in words, as "hnsw, ef_search 96, recall@10 0.991 (0.986-0.996) certified over 20,000 images"."""
    said = [f"hybrid to depth {plan.depth:,}"] if plan.mode == "hybrid" else []
    said.append(plan.strategy)
    if plan.ef_search is not None:
        raised = options.ef_search is not None and plan.ef_search > options.ef_search
        said.append(f"ef_search {plan.ef_search}" + (f" (raised from {options.ef_search})" if raised else ""))
    if plan.certified:
        said.append(f"recall@{plan.certified_at} {plan.certified} certified")
    among = f"{plan.searched:,} images" if plan.allowed is None else f"{plan.allowed:,} of {plan.searched:,} images"
    return f"{', '.join(said)} over {among}"


def as_document(result: SearchResult) -> dict[str, object]:
    """A search result as JSON: timings in seconds."""
    return {
        "hits": [_hit(hit) for hit in result.hits],
        "match": asdict(result.match) if result.match else None,
        "plan": asdict(result.plan),
        "timings": dict(result.timings),
    }


def _hit(hit: Hit) -> dict[str, object]:
    told = {**asdict(hit), "attributes": dict(hit.attributes)}
    return {name: value for name, value in told.items() if name != "ranks" or value}


def _show_captions(hits: Sequence[CaptionHit]) -> None:
    from retrieval.commands.tables import numbers, plain_table

    rows = [(str(hit.rank), f"{hit.score:.3f}", hit.caption, hit.doc_id) for hit in hits]
    table = plain_table([numbers("rank"), numbers("score"), "caption", "doc_id"], rows)
    console().print(table if hits else "no hits")


def _write_sheet(path: Path, collection: Collection, hits: Sequence[Hit], *, title: str) -> None:
    from retrieval.images.sheet import SheetRow, contact_sheet, format_of

    pictures = [(collection.get(hit.doc_id).image_uri, f"{hit.rank}. {hit.score:.3f}") for hit in hits]
    path.write_bytes(contact_sheet([SheetRow(title, pictures)], file_format=format_of(path)))
