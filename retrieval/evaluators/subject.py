"""What is evaluated, where the report goes, and who is told of progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from retrieval.collection import Collection
from retrieval.workspace import Workspace

OnProgress: TypeAlias = Callable[[str, int, int], None]
"""Told of progress: what is being done, how many steps of it are, of how many."""


def silent(_what: str, _done: int, _total: int) -> None:
    """Where nobody follows the progress."""


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A collection that is evaluated. `folder` is for the report; None for a new one in the data folder."""

    workspace: Workspace
    collection: Collection
    folder: Path | None = None
    on_progress: OnProgress = silent
