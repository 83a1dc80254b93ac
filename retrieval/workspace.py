"""A data folder and its database: where collections are made, opened, listed and deleted."""

from __future__ import annotations

import re
import shutil
from functools import partial
from pathlib import Path
from types import TracebackType

from retrieval.collection import Collection, check_same_encoder
from retrieval.encoders.registry import load_encoder
from retrieval.errors import ConflictError, InputError, ModelError, NotFoundError, StorageError
from retrieval.index.storage import AUTO, parse_storage
from retrieval.locks import exclusive
from retrieval.metadata import collections
from retrieval.metadata.collections import CollectionInfo
from retrieval.metadata.database import Database
from retrieval.protocols import Encoder
from retrieval.settings import Settings
from retrieval.types import EncoderSpec, IndexParams, ModelReference

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
EXTERNAL = "external"


class Workspace:
    """Everything under one data folder. Safe to share between threads."""

    def __init__(self, settings: Settings | None = None) -> None:
        """Open the data folder, making it and its SQLite database when they are not there.

        Raises:
            StorageError: the folder cannot be written to, or the database cannot be reached or is of another release.
        """
        self.settings = settings or Settings()
        self.data_dir = self.settings.data_dir.absolute()
        self.database = Database(self.settings.resolved_database_url)
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"cannot create the data folder {self.data_dir}: {error.strerror}") from error
        try:
            with exclusive(self.data_dir / "schema.lock", wait_s=60, busy="the database is being upgraded: try again"):
                self.database.prepare()
        except StorageError:
            self.close()
            raise

    def __enter__(self) -> Workspace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database connections."""
        self.database.close()

    def collections(self) -> list[CollectionInfo]:
        """All collections, by name."""
        with self.database.read() as connection:
            return collections.all_of_them(connection)

    def create(
        self,
        name: str,
        spec: EncoderSpec,
        model: ModelReference,
        *,
        index: IndexParams | None = None,
        caption_vectors: bool = True,
        encoder: Encoder | None = None,
    ) -> Collection:
        """Make an empty collection for the vectors of one encoder.

        Raises:
            InputError: a name that is not letters, digits, dots, dashes and underscores, or a parameter out of range.
            ConflictError: the name is taken.
        """
        if not NAME.fullmatch(name):
            raise InputError(f"{name!r} cannot name a collection: use letters, digits, '.', '_' and '-', at most 100")
        index = index or IndexParams()
        check_index_params(index, spec.dim)
        with self.database.write() as connection:
            info = collections.create(
                connection,
                name=name,
                spec=spec,
                model=model,
                index=index,
                caption_vectors=caption_vectors,
            )
        return self._open(info, encoder)

    def open(self, name: str, *, encoder: Encoder | None = None) -> Collection:
        """Open a collection; with `encoder`, check that it is the right one and use it.

        Raises:
            NotFoundError: there is none of that name.
            EncoderMismatchError: the encoder is not the collection's.
        """
        with self.database.read() as connection:
            info = collections.get(connection, name)
        if encoder:
            check_same_encoder(info, encoder)
        return self._open(info, encoder)

    def delete(self, name: str) -> None:
        """Delete a collection, its metadata and its files."""
        with self.database.write() as connection:
            info = collections.get(connection, name)
            collections.drop(connection, info.id)
        shutil.rmtree(self._folder(info).parent, ignore_errors=True)

    def _open(self, info: CollectionInfo, encoder: Encoder | None) -> Collection:
        load = (lambda: encoder) if encoder else partial(_load_encoder, info, self.settings.device)
        return Collection(
            info,
            self.database,
            self._folder(info),
            load,
            index_device=self.settings.index_device,
            index_memory=self.settings.index_memory,
        )

    def _folder(self, info: CollectionInfo) -> Path:
        return self.data_dir / "collections" / str(info.id) / "segments"


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
    """Open a collection, or make it for `model`; `NotFoundError` when it is new and no model is given."""
    try:
        return open_existing(workspace, name, model)
    except NotFoundError:
        if model is None:
            raise
    encoder = _load(model, precision, workspace.settings.device)
    try:
        return workspace.create(
            name,
            encoder.spec,
            model,
            index=index,
            caption_vectors=caption_vectors,
            encoder=encoder,
        )
    except ConflictError:  # made by another process since we looked
        return workspace.open(name, encoder=encoder)


def open_existing(workspace: Workspace, name: str, model: ModelReference | None = None) -> Collection:
    """Open a collection that is there; a `model` given must be the collection's own (at its stored precision)."""
    opened = workspace.open(name)
    if model is None or model == opened.info.model:
        return opened
    return workspace.open(name, encoder=_load(model, opened.info.spec.precision, workspace.settings.device))


def check_index_params(index: IndexParams, dim: int) -> None:
    """`InputError` where a parameter is out of its range, for vectors of `dim` dimensions."""
    hnsw = index.hnsw
    if not (4 <= hnsw.m <= 128 and 8 <= hnsw.ef_construction <= 4096 and 1 <= index.ef_search <= 100_000):
        raise InputError("m must be in 4..128, ef_construction in 8..4096, ef_search in 1..100,000")
    if index.target_recall is not None and not 0.5 <= index.target_recall <= 0.999:
        raise InputError("target_recall must be in 0.5..0.999")
    if index.storage != AUTO:
        parse_storage(index.storage, dim)


def external_spec(name: str, dim: int) -> EncoderSpec:
    """The identity of vectors that come from elsewhere: only the same name and size may be mixed."""
    return EncoderSpec(name, EXTERNAL, f"external:{name}", "", "", "", dim)


def _load_encoder(info: CollectionInfo, device: str | None) -> Encoder:
    if info.spec.pretrained == EXTERNAL:
        raise ModelError(
            f"the vectors of {info.name!r} were made elsewhere ({info.spec.model}): search it by vector or doc_id"
        )
    return _load(info.model, info.spec.precision, device)


def _load(model: ModelReference, precision: str, device: str | None) -> Encoder:
    checkpoint = Path(model.checkpoint) if model.checkpoint else None
    return load_encoder(model.model, checkpoint=checkpoint, precision=precision, device=device)
