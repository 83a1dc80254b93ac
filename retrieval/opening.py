"""Opening a collection by name together with the model that it must be of, or making it for one."""

from __future__ import annotations

from pathlib import Path

from retrieval.collection import Collection
from retrieval.encoders.registry import load_model
from retrieval.errors import ConflictError, NotFoundError
from retrieval.metadata.names import check_free, check_name
from retrieval.settings import Settings
from retrieval.types import IndexParams, ModelReference
from retrieval.workspace import Workspace


def open_collection(
    name: str,
    *,
    data_dir: Path | str | None = None,
    model: str | None = None,
    checkpoint: Path | str | None = None,
) -> Collection:
    """Open a collection, making it with `model` when it is not there yet.

    Settings come from the environment (`RETRIEVAL_*`); `data_dir` overrides the data folder. With `model` given for a
    collection that is there, the model must be the collection's own.

    Raises:
        NotFoundError: the collection is new, and no model is given.
        InputError: a name that cannot be.
        ModelError: the model cannot be loaded.
        EncoderMismatchError: it is not the collection's.
        StorageError: as of `Workspace`.
    """
    workspace = Workspace(Settings(data_dir=Path(data_dir)) if data_dir is not None else Settings())
    reference = ModelReference(model, str(Path(checkpoint).absolute()) if checkpoint else None) if model else None
    return open_or_create(workspace, name, reference)


def open_or_create(
    workspace: Workspace,
    name: str,
    model: ModelReference | None,
    *,
    index: IndexParams | None = None,
    caption_vectors: bool = True,
    precision: str = "auto",
) -> Collection:
    """Open a collection, or make it for `model`: `index`, `caption_vectors` and `precision` are of one that is made.

    Raises as `open_collection`.
    """
    try:
        return open_existing(workspace, name, model)
    except NotFoundError:
        if model is None:
            raise
    try:
        return create_for_model(
            workspace, name, model, index=index, caption_vectors=caption_vectors, precision=precision
        )
    except ConflictError:  # made by another process since we looked
        return open_existing(workspace, name, model)


def open_existing(workspace: Workspace, name: str, model: ModelReference | None = None) -> Collection:
    """Open a collection that is there; a `model` given must be the collection's own (at its stored precision).

    Raises:
        NotFoundError: there is none of that name.
        ModelError: the model cannot be loaded.
        EncoderMismatchError: it is not the collection's.
    """
    opened = workspace.open(name)
    if model is None or model == opened.info.model:
        return opened
    encoder = load_model(model, precision=opened.info.spec.precision, device=workspace.settings.device)
    return workspace.open(name, encoder=encoder)


def create_for_model(
    workspace: Workspace,
    name: str,
    model: ModelReference,
    *,
    index: IndexParams | None = None,
    caption_vectors: bool = True,
    precision: str = "auto",
) -> Collection:
    """Make an empty collection for a model, which is loaded to see what its vectors are like.

    Raises as `Workspace.create` does, and `ModelError` where the model cannot be loaded.
    """
    check_name(name)
    with workspace.database.read() as connection:
        check_free(connection, name)  # before a model is loaded for it
    encoder = load_model(model, precision=precision, device=workspace.settings.device)
    return workspace.create(name, encoder.spec, model, index=index, caption_vectors=caption_vectors, encoder=encoder)
