"""Options that say what is read from a source, and how. Imports nothing heavy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Source: TypeAlias = Annotated[
    str,
    typer.Argument(help="A folder, a CSV or JSONL manifest, tar shards, or a caption file (see docs/sources.md)."),
]
Images: TypeAlias = Annotated[
    Path | None,
    typer.Option(help="Folder that the image names of a manifest or caption file are relative to.", show_default=False),
]
Split: TypeAlias = Annotated[
    str | None, typer.Option(help="Only this split of a Karpathy JSON: train, val, test.", show_default=False)
]
Exclude: TypeAlias = Annotated[
    list[str] | None, typer.Option(help="A column or field to leave out; may be repeated.", show_default=False)
]
ImagesTar: TypeAlias = Annotated[
    Path | None, typer.Option(help="Tar archive that the manifest's image column points into.", show_default=False)
]
ImageColumn: TypeAlias = Annotated[
    str | None, typer.Option(help="Column of a manifest that names the image [default: image].", show_default=False)
]
IdColumn: TypeAlias = Annotated[
    str | None, typer.Option(help="Column of a manifest with the document's id.", show_default=False)
]
CaptionColumn: TypeAlias = Annotated[
    list[str] | None, typer.Option(help="Column of a manifest with a caption; may be repeated.", show_default=False)
]
Sync: TypeAlias = Annotated[bool, typer.Option("--sync", help="Remove documents that the source no longer has.")]
Strict: TypeAlias = Annotated[bool, typer.Option("--strict", help="Exit with 1 if any image was rejected.")]
Checksum: TypeAlias = Annotated[
    bool, typer.Option("--checksum", help="Read every file; do not trust size and modification time.")
]
BatchSize: TypeAlias = Annotated[int, typer.Option(help="Images embedded at a time.")]
CommitEvery: TypeAlias = Annotated[int, typer.Option(help="Images after which what is done becomes durable.")]
Workers: TypeAlias = Annotated[int | None, typer.Option(help="Threads that read and decode.", show_default=False)]
