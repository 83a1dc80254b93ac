"""Jobs that take a snapshot of a collection, and that make a collection of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.jobs.reporter import Reporter
from api.jobs.starting import name_of_existing, queue
from retrieval.metadata.jobs import JobInfo
from retrieval.metadata.names import check_free, check_name
from retrieval.workspace import Workspace


def start_snapshot(workspace: Workspace, name: str) -> JobInfo:
    """Queue a snapshot. `NotFoundError` where there is no such collection."""
    return queue(workspace, "snapshot", name_of_existing(workspace, name), {}, {})


def start_restore(workspace: Workspace, name: str, snapshot: str) -> JobInfo:
    """Queue a restoration.

    Raises:
        InputError: a name that cannot be.
        ConflictError: the name is taken.
        NotFoundError: there is no such snapshot.
    """
    check_name(name)
    workspace.snapshots.path(snapshot)
    with workspace.database.read() as connection:
        check_free(connection, name)
    return queue(workspace, "restore", name, {"snapshot": snapshot}, {})


def run_snapshot(workspace: Workspace, name: str, tell: Reporter) -> dict[str, Any]:
    """Take a snapshot into the data folder; returns its id, and what is in it."""
    path = workspace.snapshots.new_path(name)
    manifest = workspace.snapshot(name, path, on_progress=tell)
    return {"snapshot": path.stem, "documents": manifest.documents, "captions": manifest.captions}


def run_restore(workspace: Workspace, name: str, config: Mapping[str, Any], tell: Reporter) -> dict[str, Any]:
    """Make a collection of a snapshot in the data folder; returns what is in it."""
    path = workspace.snapshots.path(config["snapshot"])
    documents, captions = workspace.restore(path, name, on_progress=tell).counts()
    return {"documents": documents, "captions": captions}
