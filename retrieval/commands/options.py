"""Options that several commands share, and opening what they name. Imports nothing heavy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from retrieval.settings import Settings
    from retrieval.types import IndexParams, ModelReference
    from retrieval.workspace import Workspace

DataDir: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        help="Folder of the database and the indexes [env RETRIEVAL_DATA_DIR; default ./retrieval-data].",
        show_default=False,
    ),
]
CollectionName: TypeAlias = Annotated[str, typer.Option("--collection", "-c", help="Name of the collection.")]
HitCount: TypeAlias = Annotated[int, typer.Option("-k", help="How many hits, 1 to 10,000.")]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
EfSearch: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--ef-search", help="Candidates in the graph: higher finds more and takes longer.", show_default=False
    ),
]
TargetRecall: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--target-recall",
        help="Recall to reach, 0.5 to 0.999, in place of the collection's own.",
        show_default=False,
    ),
]
Precision: TypeAlias = Annotated[
    str, typer.Option("--precision", help="auto, fp32, bf16 or fp16 (of a new collection).")
]
CaptionVectors: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--caption-vectors/--no-caption-vectors",
        help="Embed captions too, for image-to-text search (of a new collection).",
    ),
]
Links: TypeAlias = Annotated[int, typer.Option("--m", help="Links a node in the HNSW graph (of a new collection).")]
EfConstruction: TypeAlias = Annotated[
    int, typer.Option("--ef-construction", help="Candidates while building (of a new collection).")
]
Storage: TypeAlias = Annotated[
    str,
    typer.Option(
        "--storage",
        help="What graph searches compare: auto, full, fp16, sq8, rq4, or fp16@192 (of a new collection).",
    ),
]
DefaultRecall: TypeAlias = Annotated[
    float,
    typer.Option(
        "--target-recall", help="Recall@10 that searches are to reach; 0 for a fixed ef_search (of a new collection)."
    ),
]
DefaultEf: TypeAlias = Annotated[
    int, typer.Option("--ef-search", help="Candidates while searching without a target (of a new collection).")
]
Exact: TypeAlias = Annotated[
    bool, typer.Option("--exact", help="Compare with every vector instead of using the graph.")
]
Filter: TypeAlias = Annotated[
    str | None,
    typer.Option("--filter", "-f", help='Such as: category = "dress" and price < 50', show_default=False),
]
MinScore: TypeAlias = Annotated[
    float | None, typer.Option("--min-score", help="Only hits with this cosine or a better one.", show_default=False)
]
Diversity: TypeAlias = Annotated[
    float, typer.Option("--diversity", help="0 for the most similar hits, 1 for the most different from one another.")
]
GroupBy: TypeAlias = Annotated[
    str | None,
    typer.Option("--group-by", help="An attribute: only the best hit for each value.", show_default=False),
]
Mode: TypeAlias = Annotated[
    Literal["vector", "lexical", "hybrid"],
    typer.Option("--mode", help="What ranks: vector, lexical (the words of titles and captions) or hybrid (both)."),
]
LexicalWeight: TypeAlias = Annotated[
    float, typer.Option("--lexical-weight", help="How much words count beside vectors in hybrid searches, 0 to 10.")
]
Model: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="A preset, ARCH/PRETRAINED, hf-hub:OWNER/NAME, ARCH with --checkpoint, or `bundled`.",
        show_default=False,
    ),
]
Checkpoint: TypeAlias = Annotated[
    Path | None,
    typer.Option("--checkpoint", help="Local weights for --model ARCH (.safetensors or .pt).", show_default=False),
]


def settings_of(data_dir: Path | None) -> Settings:
    """Those of the environment; `--data-dir`, where it is given, comes before it."""
    from retrieval.settings import Settings

    return Settings(data_dir=data_dir) if data_dir is not None else Settings()


def open_workspace(data_dir: Path | None) -> Workspace:
    """The workspace of `--data-dir`, the environment or the default."""
    from retrieval.workspace import Workspace

    return Workspace(settings_of(data_dir))


def model_reference(model: str | None, checkpoint: Path | None) -> ModelReference | None:
    """What `--model` and `--checkpoint` say together; None when neither is given."""
    from retrieval.errors import InputError
    from retrieval.types import ModelReference

    if model is None and checkpoint is not None:
        raise InputError("--checkpoint needs --model ARCH, the architecture that the weights are for")
    if model is None:
        return None
    return ModelReference(model, str(checkpoint.absolute()) if checkpoint else None)


def index_params(m: int, ef_construction: int, storage: str, target_recall: float, ef_search: int) -> IndexParams:
    """What the options of a new collection say together; a recall of 0 is none to reach."""
    from retrieval.types import HnswParams, IndexParams

    return IndexParams(HnswParams(m, ef_construction), storage, target_recall or None, ef_search)


def console(*, stderr: bool = False) -> Console:
    """A terminal to print on; plain text when it is not one."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, soft_wrap=False)
