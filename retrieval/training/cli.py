"""`retrieval train`: contrastive training from a TOML file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from retrieval.errors import InputError

if TYPE_CHECKING:
    from retrieval.protocols import CatalogSource

OpenSource: TypeAlias = Callable[[str], "CatalogSource"]


def register(app: typer.Typer, *, open_source: OpenSource | None = None) -> None:
    """Add `train` to the command line; `open_source` opens the catalogue that a config names by its path."""

    @app.command()
    def train(
        config: Annotated[Path, typer.Argument(help="A TOML file: see docs/training.md.")],
        out: Annotated[Path, typer.Option(help="Folder of the checkpoint, the curves and the model.")] = Path(
            "trained"
        ),
        resume: Annotated[
            bool, typer.Option("--resume/--fresh", help="Go on from the checkpoint in the folder, or start again.")
        ] = True,
    ) -> None:
        """Train a model on pairs of images and captions, and go on where a killed run stopped."""
        _train(config, out, resume=resume, open_source=open_source)

    @app.command("train-report")
    def train_report(
        folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a model trained on the demo world.")],
        images: Annotated[int, typer.Option(min=20, help="How many held-out scenes.")] = 1000,
        seed: Annotated[int, typer.Option(help="Which held-out scenes; not the seed of the validation.")] = 2001,
        sheet: Annotated[Path | None, typer.Option(help="Write a picture of twenty queries with their hits.")] = None,
    ) -> None:
        """Judge a trained model on held-out scenes of the demo world, with 95 % intervals."""
        _report(folder, images=images, seed=seed, sheet=sheet)


def _train(path: Path, out: Path, *, resume: bool, open_source: OpenSource | None) -> None:
    from retrieval.training.config import DEMO, read_config

    config = read_config(path)
    source = None
    if config.data.source != DEMO:
        if open_source is None:
            raise InputError(f"data.source = {config.data.source!r}: only {DEMO!r} can be read here")
        source = open_source(config.data.source)
    from retrieval.training.display import showing
    from retrieval.training.loop import train

    with showing() as show:
        result = train(config, out=out, source=source, fresh=not resume, on_progress=show)
    typer.echo(f"{result.steps} steps in {result.seconds / 60:.1f} minutes: {result.folder}")
    for name, value in result.recalls.items():
        typer.echo(f"  {name:<24} {value:.3f}")


def _report(folder: Path, *, images: int, seed: int, sheet: Path | None) -> None:
    from retrieval.training.heldout import judge, load_trained, recalls
    from retrieval.training.sheet import contact_sheet, twenty

    held = judge(load_trained(folder), images=images, seed=seed)
    for line in recalls(held.ranks):
        typer.echo(f"{line.name:<36} {line.value:.3f}  [{line.low:.3f}, {line.high:.3f}]")
    if sheet is not None:
        contact_sheet(held, twenty(held, seed=seed)).quantize(256, kmeans=2).save(sheet, optimize=True)
        typer.echo(f"{sheet}")
