"""Rows of `collections`: one searchable catalogue each, tied to one encoder."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, bindparam, delete, insert, or_, select, update

from retrieval.errors import GoneError, NotFoundError
from retrieval.metadata import names
from retrieval.metadata.lexical.index import text_index
from retrieval.metadata.tables import aliases, collections
from retrieval.types import EncoderSpec, HnswParams, IndexParams, ModelReference

_NAME: BindParameter[str] = bindparam("name")
# What every request runs is put together once.
_NAMED = select(collections).where(
    or_(
        collections.c.name == _NAME,
        collections.c.id == select(aliases.c.collection_id).where(aliases.c.name == _NAME).scalar_subquery(),
    )
)
_REVISION = select(collections.c.revision).where(collections.c.id == bindparam("collection"))


@dataclass(frozen=True, slots=True)
class CollectionInfo:
    """One collection. `revision` grows by one with every committed write to it."""

    id: int
    name: str
    spec: EncoderSpec
    model: ModelReference
    index: IndexParams
    caption_vectors: bool
    revision: int
    created_at: datetime


def create(
    connection: Connection,
    *,
    name: str,
    spec: EncoderSpec,
    model: ModelReference,
    index: IndexParams,
    caption_vectors: bool,
) -> CollectionInfo:
    """Add an empty collection; `ConflictError` if a collection or an alias has the name."""
    names.lock(connection)
    names.check_free(connection, name)
    row = {
        "name": name,
        "encoder": {"spec": asdict(spec), "reference": asdict(model)},
        "encoder_id": spec.encoder_id,
        "dim": spec.dim,
        **_index_columns(index),
        "caption_vectors": caption_vectors,
        "next_key": 1,
        "revision": 0,
        "created_at": datetime.now(UTC),
    }
    add_row(connection, row)
    return get(connection, name)


def add_row(connection: Connection, row: Mapping[str, Any]) -> int:
    """Add a collection as it is told, by column; returns the number that it gets."""
    added: int = connection.execute(insert(collections).values(row).returning(collections.c.id)).scalar_one()
    text_index(connection, added).create()
    return added


def get(connection: Connection, name: str) -> CollectionInfo:
    """The collection that has the name, or that an alias of the name leads to.

    Raises:
        NotFoundError: there is none; names those that there are.
    """
    if not names.NAME.fullmatch(name):
        raise NotFoundError(f"no collection {name[:100]!r}: names are letters, digits, '.', '_' and '-'")
    row = connection.execute(_NAMED, {"name": name}).one_or_none()
    if row is None:
        raise NotFoundError(f"no collection {name!r}: {_alternatives(name, names.all_of_them(connection))}")
    return _info(row)


def own_name(connection: Connection, name: str) -> str:
    """What the collection itself is called that a name leads to; the name where it leads to none."""
    with suppress(NotFoundError):
        return get(connection, name).name
    return name


def all_of_them(connection: Connection) -> list[CollectionInfo]:
    """Every collection, by name."""
    rows = connection.execute(select(collections).where(names.FINISHED).order_by(collections.c.name))
    return [_info(row) for row in rows]


def unfinished(connection: Connection) -> list[int]:
    """The numbers of collections that are not there yet."""
    return list(connection.execute(select(collections.c.id).where(~names.FINISHED)).scalars())


def revision(connection: Connection, collection_id: int) -> int | None:
    """The number of writes committed so far, None when the collection is gone."""
    return connection.execute(_REVISION, {"collection": collection_id}).scalar()


def begin_write(connection: Connection, collection_id: int, *, keys: int = 0) -> tuple[int, int]:
    """Open a write to one collection: lock its row, bump its revision, take `keys` fresh keys.

    Returns the first of the keys and the new revision. Rolled back with the transaction, so keys have no gaps.
    """
    row = connection.execute(
        update(collections)
        .where(collections.c.id == collection_id)
        .values(next_key=collections.c.next_key + keys, revision=collections.c.revision + 1)
        .returning(collections.c.next_key, collections.c.revision)
    ).one_or_none()
    if row is None:
        raise GoneError
    return row.next_key - keys, row.revision


def set_index(connection: Connection, collection_id: int, index: IndexParams) -> None:
    """Change how a collection is indexed and searched from now on; its graphs stay as they are."""
    chosen = collections.c.id == collection_id
    connection.execute(update(collections).where(chosen).values(_index_columns(index)))


def give_name(connection: Connection, collection_id: int, name: str) -> None:
    """Let a collection that was not there be there under this name; `ConflictError` if it is taken."""
    names.lock(connection)
    names.check_free(connection, name)
    connection.execute(update(collections).where(collections.c.id == collection_id).values(name=name))


def drop(connection: Connection, collection_id: int) -> None:
    """Delete a collection and every row that belongs to it, its aliases too."""
    names.lock(connection)  # before the row is locked: whoever gives an alias to it locks in that order
    connection.execute(delete(collections).where(collections.c.id == collection_id))
    text_index(connection, collection_id).drop()


def _index_columns(index: IndexParams) -> dict[str, Any]:
    return {
        "m": index.hnsw.m,
        "ef_construction": index.hnsw.ef_construction,
        "ef_search": index.ef_search,
        "storage": index.storage,
        "target_recall": index.target_recall,
    }


def _info(row: Row[Any]) -> CollectionInfo:
    return CollectionInfo(
        id=row.id,
        name=row.name,
        spec=EncoderSpec(**row.encoder["spec"]),
        model=ModelReference(**row.encoder["reference"]),
        index=IndexParams(HnswParams(row.m, row.ef_construction), row.storage, row.target_recall, row.ef_search),
        caption_vectors=row.caption_vectors,
        revision=row.revision,
        created_at=row.created_at,
    )


def _alternatives(name: str, there: list[str]) -> str:
    if not there:
        return "there is none yet; make one with `retrieval index FOLDER --collection NAME`"
    close = get_close_matches(name, there, n=3) or there[:10]
    return "there is " + ", ".join(close)
