"""Names: collections and their aliases share one space, in which each is given once.

A collection that is being restored has a name that no other can have, and is not there for anybody until it gets its
own.
"""

from __future__ import annotations

import re
from uuid import uuid4

from sqlalchemy import Connection, select, text, union_all

from retrieval.errors import ConflictError, InputError
from retrieval.metadata.tables import aliases, collections

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
UNFINISHED = "."
"""What the names of collections begin with that are not there yet."""

FINISHED = collections.c.name.not_like(f"{UNFINISHED}%")
"""The collections that are there."""


def check_name(name: str) -> None:
    """`InputError` for what can name neither a collection nor an alias."""
    if not NAME.fullmatch(name):
        raise InputError(f"{name[:120]!r} cannot name a collection: use letters, digits, '.', '_' and '-', at most 100")


def lock(connection: Connection) -> None:
    """Let no other transaction give or take names until this one ends.

    No constraint spans two tables. SQLite has one writer at a time anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE aliases IN SHARE ROW EXCLUSIVE MODE"))


def check_free(connection: Connection, name: str) -> None:
    """`ConflictError` where a collection or an alias has the name. Nobody else takes it before `lock` ends."""
    for kind, rows in (
        ("a collection", select(collections.c.id).where(collections.c.name == name)),
        ("an alias", select(aliases.c.collection_id).where(aliases.c.name == name)),
    ):
        if connection.execute(rows).first() is not None:
            raise ConflictError(f"there is already {kind} named {name!r}")


def unfinished() -> str:
    """A new name for a collection that is not there yet."""
    return f"{UNFINISHED}{uuid4().hex}"


def all_of_them(connection: Connection) -> list[str]:
    """Every name that leads to a collection, sorted."""
    both = union_all(select(collections.c.name).where(FINISHED), select(aliases.c.name))
    return sorted(connection.execute(both).scalars())
