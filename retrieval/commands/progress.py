"""Progress bars: on a terminal a bar with rate and ETA, elsewhere nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from retrieval.building import OnBuild
from retrieval.types import VectorKind


class RateColumn(ProgressColumn):
    """Steps a second."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        """The present rate, or a dash before there is one."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.1f} {self._unit}/s" if speed else f"– {self._unit}/s", style="cyan")


def progress_bar(unit: str) -> Progress:
    """A bar with count, rate and time left, on standard error; silent where that is no terminal."""
    console = Console(stderr=True)
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        RateColumn(unit),
        TimeElapsedColumn(),
        TextColumn("ETA"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )


@contextmanager
def build_progress() -> Iterator[OnBuild]:
    """A bar for graph building, as the callback that the writer takes."""
    with progress_bar("vectors") as bar:
        yield build_reporter(bar)


@contextmanager
def step_progress() -> Iterator[Callable[[str, int, int], None]]:
    """One bar for steps that follow one another, as a callback: what is being done, how many are done, of how many."""
    with progress_bar("") as bar:
        task, now = bar.add_task("", total=None), ""

        def report(what: str, done: int, total: int) -> None:
            nonlocal now
            if what != now:
                now = what
                bar.reset(task, description=what)
            bar.update(task, completed=done, total=total)

        yield report
        bar.remove_task(task)


def build_reporter(bar: Progress) -> OnBuild:
    """A callback that shows graph building on a bar, a line for each kind of vectors."""
    tasks: dict[VectorKind, int] = {}

    def report(kind: VectorKind, done: int, total: int) -> None:
        if kind not in tasks:
            tasks[kind] = int(bar.add_task(f"linking {kind} vectors", total=total))
        bar.update(tasks[kind], completed=done, total=total)  # type: ignore[arg-type]

    return report
