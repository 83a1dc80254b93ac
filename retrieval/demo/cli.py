"""`retrieval demo ...`: the procedural demo world from the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from retrieval.demo.world import Split


def register(app: typer.Typer) -> None:
    """Add the `demo` command group."""
    demo = typer.Typer(help="A procedural world of pictures with captions, to try things on.", no_args_is_help=True)
    demo.command("catalogue")(catalogue)
    app.add_typer(demo, name="demo")


def catalogue(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write images and manifest.jsonl to.")],
    count: Annotated[int, typer.Option(help="How many images.")] = 2000,
    seed: Annotated[int, typer.Option(help="Another seed gives other scenes; the same seed always the same.")] = 7,
    size: Annotated[int, typer.Option(help="Width and height of the images in pixels.")] = 320,
    held_out: Annotated[
        bool, typer.Option("--held-out", help="Combinations of kind, colour and place that training never shows.")
    ] = False,
) -> None:
    """Write a catalogue of drawn scenes, each with five captions and attributes."""
    from retrieval.demo.catalogue import write_catalogue

    split: Split = "held-out" if held_out else "train"
    with _progress(count) as on_progress:
        manifest = write_catalogue(folder, count=count, seed=seed, size=size, split=split, on_progress=on_progress)
    typer.echo(f"{count} images and their captions: {manifest}")


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """A bar with rate and time left on the error stream; it disappears when done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    rate = TextColumn("{task.fields[rate]}")
    columns = TextColumn("drawing"), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("drawing", total=max(total, 1), rate="")

        def show(done: int) -> None:
            speed = bar.tasks[0].speed
            bar.update(task, completed=done, rate=f"{speed:.0f} images/s" if speed else "")

        yield show
