"""Options that several evaluations share. Imports nothing heavy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Queries: TypeAlias = Annotated[
    Path, typer.Argument(help="Query id, tab and text a line; or JSONL with text, image, doc_id.")
]
Judgements: TypeAlias = Annotated[Path, typer.Argument(help="TREC judgements: query_id 0 doc_id relevance.")]
Measures: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--measure", "-m", help="Such as nDCG@10; may be repeated.", show_default=False),
]
Cutoffs: TypeAlias = Annotated[
    list[int] | None, typer.Option("--k", help="Cut-offs; may be repeated [default: 1, 5, 10].")
]
Depth: TypeAlias = Annotated[
    int | None,
    typer.Option(help="Results kept for each query; more than ef_search raise it.", show_default=False),
]
QueryVectors: TypeAlias = Annotated[
    Path | None,
    typer.Option(help="Query vectors made by the collection's encoder: .npy, a row a query.", show_default=False),
]
TextVectors: TypeAlias = Annotated[
    Path | None,
    typer.Option(help="Vectors of texts, made by the collection's encoder: .npy.", show_default=False),
]
Quoted: TypeAlias = Annotated[
    bool, typer.Option("--quoted", help="Ids in the TREC files are quoted: a blank is written %20.")
]
Fp32: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--fp32", help="Embed queries and pictures again in fp32, to tell what the encoder's precision loses."
    ),
]
EfValues: TypeAlias = Annotated[
    list[int] | None,
    typer.Option(
        "--ef",
        help="ef_search to try; may be repeated [default: k, doubled six times, and the collection's own].",
        show_default=False,
    ),
]
Selectivities: TypeAlias = Annotated[
    list[float] | None,
    typer.Option(
        help="Share of documents that a filter allows, drawn at random; may be repeated "
        "[default: 0.5, 0.1, 0.01, 0.001].",
        show_default=False,
    ),
]
Filters: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--filter", "-f", help="A filter of your own; may be repeated.", show_default=False),
]
Out: TypeAlias = Annotated[Path | None, typer.Option(help="Folder of the report.", show_default=False)]
