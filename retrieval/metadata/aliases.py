"""Rows of `aliases`: other names for collections. One committed row leads every reader to another collection."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select, update

from retrieval.errors import ConflictError, NotFoundError
from retrieval.metadata import names
from retrieval.metadata.collections import get
from retrieval.metadata.tables import aliases, collections
from retrieval.overview import Alias


def put(connection: Connection, name: str, collection: str) -> Alias:
    """Lead a name to a collection from now on, whether it led elsewhere before or is new.

    Raises:
        NotFoundError: there is no such collection.
        ConflictError: a collection has that name itself.
    """
    names.lock(connection)
    info = get(connection, collection)
    if connection.execute(select(collections.c.id).where(collections.c.name == name)).first() is not None:
        raise ConflictError(f"{name!r} is a collection: give the alias a name of its own")
    switched = update(aliases).where(aliases.c.name == name).values(collection_id=info.id)
    if not connection.execute(switched).rowcount:
        connection.execute(insert(aliases).values(name=name, collection_id=info.id))
    return Alias(name, info.name)


def remove(connection: Connection, name: str) -> None:
    """Forget an alias; `NotFoundError` where there is none."""
    names.lock(connection)
    mine = delete(aliases).where(aliases.c.name == name)
    if not names.NAME.fullmatch(name) or not connection.execute(mine).rowcount:
        raise NotFoundError(f"no alias {name[:100]!r}")


def all_of_them(connection: Connection) -> list[Alias]:
    """Every alias, by name."""
    rows = connection.execute(
        select(aliases.c.name, collections.c.name.label("collection")).join_from(aliases, collections)
    )
    return sorted((Alias(row.name, row.collection) for row in rows), key=lambda alias: alias.name)


def of(connection: Connection, collection_id: int) -> tuple[str, ...]:
    """The aliases that lead to a collection, sorted."""
    mine = select(aliases.c.name).where(aliases.c.collection_id == collection_id)
    return tuple(sorted(connection.execute(mine).scalars()))
