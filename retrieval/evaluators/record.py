"""Where runs are kept: the folder, the configuration that repeats them, the row in the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from retrieval import __version__
from retrieval.collection import Collection
from retrieval.errors import StorageError
from retrieval.evaluators.subject import Subject
from retrieval.metadata import evaluations


def describe(collection: Collection, kind: str, **options: object) -> dict[str, Any]:
    """What determines a run: the command (`eval` and `kind`) with its options, and the collection's state."""
    return {
        "command": f"retrieval eval {kind}",
        "version": __version__,
        "collection": collection.name,
        "encoder_id": collection.info.spec.encoder_id,
        "model": str(collection.info.spec),
        "generation": collection.views.latest().generation.number,
        **options,
        "ef_search": options.get("ef_search") or collection.info.index.ef_search,
    }


def keep(
    subject: Subject, kind: str, config: Mapping[str, Any], write: Callable[[Path], dict[str, Any]]
) -> tuple[Path, dict[str, Any]]:
    """Have a report written and record the run; returns the report's folder, and its metrics.

    `write` fills the folder that it is given and returns the metrics. Raises `StorageError` where it cannot be written.
    """
    collection = subject.collection
    folder = (subject.folder or _new_folder(subject.workspace.data_dir, collection.name)).absolute()
    try:
        metrics = write(folder)
    except OSError as error:
        raise StorageError(f"the report cannot be written to {folder}: {error.strerror}") from error
    with collection.database.write() as connection:
        evaluations.add(connection, collection.info.id, kind=kind, config=config, metrics=metrics, folder=str(folder))
    return folder, metrics


def _new_folder(data_dir: Path, name: str) -> Path:
    """A folder of its own for a run of today."""
    return data_dir / "evaluations" / f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{name}"
