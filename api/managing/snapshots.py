"""Which snapshots are a collection's: they outlive it, so its name is enough."""

from __future__ import annotations

from pathlib import Path

from retrieval.errors import NotFoundError
from retrieval.metadata import collections
from retrieval.snapshots.store import StoredSnapshot
from retrieval.workspace import Workspace


def snapshots_of(workspace: Workspace, name: str) -> list[StoredSnapshot]:
    """Newest first; `NotFoundError` where there is neither such a collection nor a snapshot of one of that name."""
    with workspace.database.read() as connection:
        found = workspace.snapshots.of(collections.own_name(connection, name))
        if not found:
            collections.get(connection, name)
    return found


def path_of(workspace: Workspace, name: str, snapshot: str) -> Path:
    """The file of a snapshot of this collection; `NotFoundError` where there is none."""
    if snapshot not in (one.id for one in snapshots_of(workspace, name)):
        raise NotFoundError(f"no snapshot {snapshot[:200]!r} of collection {name!r}")
    return workspace.snapshots.path(snapshot)


def delete_snapshot(workspace: Workspace, name: str, snapshot: str) -> None:
    """Remove a snapshot of this collection; `NotFoundError` where there is none."""
    path_of(workspace, name, snapshot)
    workspace.snapshots.delete(snapshot)
