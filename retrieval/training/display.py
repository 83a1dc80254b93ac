"""A training run on the terminal: a bar that moves, and a line that stays for each validation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

from retrieval.training.progress import Progress


@contextmanager
def showing() -> Iterator[Callable[[Progress], None]]:
    """A function to report progress to; draws on the error stream."""
    columns = TextColumn("training"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[facts]}")
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("training", total=None, facts="")
        shown: dict[str, float] = {}

        def show(progress: Progress) -> None:
            bar.update(task, total=progress.steps, completed=progress.step, facts=facts_line(progress))
            if progress.recalls and progress.recalls != shown:
                shown.update(progress.recalls)
                bar.console.print(f"step {progress.step}: {recalls_line(progress.recalls)}", highlight=False)

        yield show


def facts_line(progress: Progress) -> str:
    """Loss, learning rate, pace and time left: "loss 1.234  lr 9.9e-04  250 images/s  12:34 left"."""
    minutes, seconds = divmod(round(progress.eta), 60)
    return (
        f"loss {progress.loss:.3f}  lr {progress.learning_rate:.1e}  "
        f"{progress.images_per_second:.0f} images/s  {minutes}:{seconds:02d} left"
    )


def recalls_line(recalls: dict[str, float]) -> str:
    """All recalls, as "text_to_image_r1 0.512", with two spaces between."""
    return "  ".join(f"{name} {value:.3f}" for name, value in recalls.items())
