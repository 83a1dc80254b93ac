"""A data folder and its database: where collections are made, opened, listed and deleted."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from types import TracebackType

from sqlalchemy import Connection

from retrieval.collection import Collection, check_same_encoder
from retrieval.encoders.registry import load_model
from retrieval.errors import ConflictError, ExternalVectorsError, StorageError
from retrieval.index.parameters import check_index_params
from retrieval.locks import exclusive
from retrieval.metadata import aliases, collections, names, scans
from retrieval.metadata.collections import CollectionInfo
from retrieval.metadata.database import Database
from retrieval.metadata.names import check_name
from retrieval.overview import Alias
from retrieval.protocols import Encoder
from retrieval.settings import Settings
from retrieval.snapshots.archive import OnProgress
from retrieval.snapshots.manifest import Manifest
from retrieval.snapshots.restoring import Restoring
from retrieval.snapshots.store import SnapshotStore
from retrieval.snapshots.taking import take
from retrieval.types import EncoderSpec, IndexParams, ModelReference


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
        self.snapshots = SnapshotStore(self.data_dir / "snapshots")
        self._counted: dict[int, tuple[int | None, tuple[int, int]]] = {}
        self._restoring = Restoring(self.database, self.data_dir, self._folder)
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"cannot create the data folder {self.data_dir}: {error.strerror}") from error
        try:
            with exclusive(self.data_dir / "schema.lock", wait_s=60, busy="the database is being upgraded: try again"):
                self.database.prepare()
            self._restoring.sweep()
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

    def names(self) -> list[str]:
        """The names that lead to a collection, its own and aliases, sorted."""
        with self.database.read() as connection:
            return names.all_of_them(connection)

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
            ConflictError: the name is taken, by a collection or an alias.
        """
        check_name(name)
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
        return self.open_known(info, encoder=encoder)

    def create_like(self, name: str, other: str) -> Collection:
        """Make an empty collection for the vectors of another one's encoder, with its settings. Raises as `create`."""
        info = self.open(other).info
        return self.create(name, info.spec, info.model, index=info.index, caption_vectors=info.caption_vectors)

    def open(self, name: str, *, encoder: Encoder | None = None) -> Collection:
        """Open a collection by its name or an alias; with `encoder`, check that it is the right one and use it.

        Raises:
            NotFoundError: there is none of that name.
            EncoderMismatchError: the encoder is not the collection's.
        """
        with self.database.read() as connection:
            info = collections.get(connection, name)
        if encoder:
            check_same_encoder(info, encoder)
        return self.open_known(info, encoder=encoder)

    def delete(self, name: str, *, force: bool = False) -> None:
        """Delete a collection, its metadata and its files; with `force` also the aliases that lead to it.

        Searches that run meanwhile end with what they find or `GoneError`. Its snapshots stay.

        Raises:
            NotFoundError: there is none of that name.
            ConflictError: aliases lead to it, and `force` is not given.
        """
        with self.database.write() as connection:
            names.lock(connection)  # no alias is given to it from here on
            info = collections.get(connection, name)
            leading = aliases.of(connection, info.id)
            if leading and not force:
                raise ConflictError(
                    f"aliases lead to {info.name!r}: {', '.join(leading)}; delete it with them by force"
                )
            collections.drop(connection, info.id)
        shutil.rmtree(self._folder(info.id).parent, ignore_errors=True)

    def aliases(self) -> list[Alias]:
        """All aliases, by name."""
        with self.database.read() as connection:
            return aliases.all_of_them(connection)

    def put_alias(self, alias: str, collection: str) -> Alias:
        """Lead a name to a collection, at once for everybody, whether it led elsewhere before or is new.

        Raises:
            InputError: a name that cannot be.
            NotFoundError: there is no such collection.
            ConflictError: a collection has that name itself.
        """
        check_name(alias)
        with self.database.write() as connection:
            return aliases.put(connection, alias, collection)

    def delete_alias(self, alias: str) -> None:
        """Forget an alias; `NotFoundError` where there is none."""
        with self.database.write() as connection:
            aliases.remove(connection, alias)

    def snapshot(self, name: str, path: Path, *, on_progress: OnProgress | None = None) -> Manifest:
        """Write all that a collection holds to one file, while searches and writes go on; returns what it says.

        The images themselves are in it only where they were sent to the collection. Raises as `snapshots.taking.take`.
        """
        with self.database.read() as connection:
            info = collections.get(connection, name)
        return take(self.database, info, self._folder(info.id), path, on_progress or _ignore)

    def restore(self, path: Path, name: str | None = None, *, on_progress: OnProgress | None = None) -> Collection:
        """Make a collection of a snapshot, from whichever kind of database, under the name that it had or another.

        It is there once all of it is. Raises as `snapshots.restoring.Restoring.restore`.
        """
        return self.open(self._restoring.restore(path, name, on_progress or _ignore))

    def open_known(self, info: CollectionInfo, *, encoder: Encoder | None = None) -> Collection:
        """Open a collection that was looked up already; the encoder, where given, is the right one."""
        load = (lambda: encoder) if encoder else partial(_load_encoder, info, self.settings.device)
        return Collection(
            info,
            self.database,
            self._folder(info.id),
            load,
            index_device=self.settings.index_device,
            index_memory=self.settings.index_memory,
        )

    def counts(self, connection: Connection, collection_id: int) -> tuple[int, int]:
        """How many live documents a collection has, and how many captions they have; counted once for each state."""
        revision = collections.revision(connection, collection_id)
        counted_at, counted = self._counted.get(collection_id, (None, (0, 0)))
        if counted_at is None or counted_at != revision:
            counted = scans.counts(connection, collection_id)
            self._counted[collection_id] = revision, counted
        return counted

    def _folder(self, collection_id: int) -> Path:
        return self.data_dir / "collections" / str(collection_id) / "segments"


def _ignore(*_: object) -> None:
    """What is done where nobody follows the progress."""


def _load_encoder(info: CollectionInfo, device: str | None) -> Encoder:
    if info.spec.is_external:
        raise ExternalVectorsError(info.name, info.spec.model)
    return load_model(info.model, precision=info.spec.precision, device=device)
