"""A maintenance job: a compaction that nobody has asked for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from api.jobs.reporter import Reporter
from retrieval.errors import NotFoundError
from retrieval.index.upkeep import Upkeep
from retrieval.workspace import Workspace

LAST = 20
"""Niceness that leaves every other process the cores: nobody waits for this work."""


def run_maintenance(workspace: Workspace, name: str, config: Mapping[str, Any], tell: Reporter) -> dict[str, Any]:
    """Compact as long as it is worth it; returns how many merges were made.

    Raises:
        RecallError: a graph misses the collection's target; what was searchable stays so.
    """
    os.nice(LAST)
    tell("waiting for other compactions to end", 0)
    try:
        merges = workspace.open(name).compactor.maintain(Upkeep(**config), on_build=tell.on_build)
    except NotFoundError:  # the collection was deleted, and needs nothing any more
        merges = 0
    return {"merges": merges}
