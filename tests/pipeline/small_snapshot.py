"""A snapshot of two documents."""

from __future__ import annotations

from pathlib import Path

from helpers import unit_vectors

from retrieval.types import ModelReference, external_spec
from retrieval.workspace import Workspace


def small(workspace: Workspace, path: Path) -> Path:
    """Of the collection `c`, which it makes, with a caption a document."""
    collection = workspace.create("c", external_spec("test", 8), ModelReference("external"))
    collection.add_vectors(["a", "b"], unit_vectors(2, 8), captions=[["x"], ["y"]])
    workspace.snapshot("c", path)
    return path
