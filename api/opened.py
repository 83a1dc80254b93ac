"""Collections kept open between requests, and their encoders, each loaded once."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

from retrieval.collection import Collection
from retrieval.errors import NotFoundError
from retrieval.metadata import collections
from retrieval.metadata.collections import CollectionInfo
from retrieval.opening import create_for_model
from retrieval.protocols import Encoder
from retrieval.types import IndexParams, ModelReference
from retrieval.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Opened:
    """An open collection; `encoder` is None until something has needed it."""

    collection: Collection
    encoder: Encoder | None


class OpenCollections:
    """Opens collections when they are first asked for. Safe to use from several threads; every call may block.

    Each call asks the database which collection the name or alias leads to, so that one which was made, deleted, or
    deleted and made again by another process is seen at once, and so is an alias that was switched. Collections of the
    same encoder share one instance of it.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._opened: dict[str, Opened] = {}
        self._led: dict[str, str] = {}
        self._encoders: dict[str, Encoder] = {}
        self._opening = Lock()
        self._loading = Lock()

    def last(self, name: str) -> Opened | None:
        """What the name or alias led to when it was last asked for, without asking anew. Does not block."""
        return self._opened.get(self._led.get(name, name))

    def get(self, name: str) -> Opened:
        """The collection of that name or alias; `NotFoundError` names the ones there are."""
        return self.at(name)[0]

    def at(self, name: str) -> tuple[Opened, int]:
        """The same, and its present state: how many writes to it were committed so far."""
        info = self._info(name)
        found = self._known(info)
        if found is None:
            with self._opening:  # another thread may have opened it while this one waited
                found = self._known(info) or self._open(info)
        return found, info.revision

    def get_with_encoder(self, name: str) -> Opened:
        """The same with its encoder, which takes seconds when it has to be loaded.

        Raises:
            ExternalVectorsError: the collection's vectors were made elsewhere, so there is no encoder.
            ModelError: the encoder cannot be loaded.
        """
        with self._loading:
            opened = self.get(name)
            if opened.encoder is not None:
                return opened
            info = opened.collection.info
            if info.spec.encoder_id not in self._encoders:
                self._encoders[info.spec.encoder_id] = opened.collection.encoder
            with self._opening:
                return self._open(info)

    def create(
        self, name: str, model: ModelReference, *, index: IndexParams, caption_vectors: bool, precision: str
    ) -> None:
        """Make an empty collection for a model, which is loaded and kept. Raises as `create_for_model`."""
        with self._loading:
            made = create_for_model(
                self._workspace, name, model, index=index, caption_vectors=caption_vectors, precision=precision
            )
            self._encoders.setdefault(made.info.spec.encoder_id, made.encoder)

    def delete(self, name: str, force: bool) -> None:
        """Delete a collection, and let its files go. Raises as `Workspace.delete`."""
        self._workspace.delete(name, force=force)
        with self._opening:
            self._forget_deleted()

    def _info(self, name: str) -> CollectionInfo:
        try:
            with self._workspace.database.read() as connection:
                info = collections.get(connection, name)
        except NotFoundError:
            self._opened.pop(name, None)  # where it was deleted, its files are let go
            self._led.pop(name, None)
            raise
        self._led[name] = info.name
        return info

    def _known(self, info: CollectionInfo) -> Opened | None:
        found = self._opened.get(info.name)
        if found is None:
            return None
        known = found.collection.info
        return found if (known.id, known.index) == (info.id, info.index) else None  # tuned meanwhile: opened anew

    def _open(self, info: CollectionInfo) -> Opened:
        self._forget_deleted()
        encoder = self._encoders.get(info.spec.encoder_id)
        opened = Opened(self._workspace.open_known(info, encoder=encoder), encoder)
        self._opened[info.name] = opened
        return opened

    def _forget_deleted(self) -> None:
        there = self._workspace.collections()
        ids, encoder_ids = {info.id for info in there}, {info.spec.encoder_id for info in there}
        self._opened = {name: one for name, one in self._opened.items() if one.collection.info.id in ids}
        self._encoders = {key: encoder for key, encoder in self._encoders.items() if key in encoder_ids}
