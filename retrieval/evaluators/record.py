"""Where runs are kept: the folder, the configuration that repeats them, the row in the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from retrieval import __version__
from retrieval.collection import Collection
from retrieval.errors import StorageError
from retrieval.evaluators.report import write_report
from retrieval.evaluators.task import TaskReport
from retrieval.metadata import evaluations


def describe(collection: Collection, command: str, **options: object) -> dict[str, Any]:
    """What determines a run: the command with its options, and the collection's state."""
    return {
        "command": f"retrieval eval {command}",
        "version": __version__,
        "collection": collection.name,
        "encoder_id": collection.info.spec.encoder_id,
        "model": str(collection.info.spec),
        "generation": collection.views.latest().generation.number,
        **options,
        "ef_search": options.get("ef_search") or collection.info.index.ef_search,
    }


def write_and_record(
    collection: Collection,
    reports: Sequence[TaskReport],
    config: Mapping[str, Any],
    *,
    kind: str,
    folder: Path | None,
    data_dir: Path,
) -> tuple[Path, dict[str, Any]]:
    """Write the report of tasks and record the run: see `keep`."""
    return keep(
        collection,
        lambda chosen: write_report(chosen, collection, reports, config),
        config,
        kind=kind,
        folder=folder,
        data_dir=data_dir,
    )


def keep(
    collection: Collection,
    write: Callable[[Path], dict[str, Any]],
    config: Mapping[str, Any],
    *,
    kind: str,
    folder: Path | None,
    data_dir: Path,
) -> tuple[Path, dict[str, Any]]:
    """Have a report written and record the run; returns its folder, a new one in `data_dir` by default, and metrics.

    `write` fills the folder that it is given and returns the metrics. Raises `StorageError` where it cannot be written.
    """
    chosen = (folder or new_folder(data_dir, collection.name)).absolute()
    try:
        metrics = write(chosen)
    except OSError as error:
        raise StorageError(f"the report cannot be written to {chosen}: {error.strerror}") from error
    with collection.database.write() as connection:
        evaluations.add(connection, collection.info.id, kind=kind, config=config, metrics=metrics, folder=str(chosen))
    return chosen, metrics


def new_folder(data_dir: Path, name: str) -> Path:
    """A folder of its own for a run of today."""
    return data_dir / "evaluations" / f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{name}"
