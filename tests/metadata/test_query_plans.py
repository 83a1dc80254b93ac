"""What is looked up by ids or keys does not read through the collection."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing

import pytest
from sqlalchemy import Connection, event

from retrieval.metadata import items, ledger, listing, versions
from retrieval.metadata.database import Database
from retrieval.types import PictureSize

LOOKUPS: dict[str, Callable[[Connection], object]] = {
    "live_keys": lambda connection: items.live_keys(connection, 1, ["a", "b"]),
    "without_size": lambda connection: items.without_size(connection, 1, ["a"]),
    "keys_after": lambda connection: list(listing.keys_after(connection, 1, "a", batch=10)),
    "by_keys": lambda connection: items.by_keys(connection, 1, [7]),
    "by several keys": lambda connection: items.by_keys(connection, 1, [7, 9]),
    "caption_keys": lambda connection: items.caption_keys(connection, 1, [7]),
    "captions_by_keys": lambda connection: items.captions_by_keys(connection, 1, [7]),
    "doc_ids_by_keys": lambda connection: items.doc_ids_by_keys(connection, 1, [7]),
    "ledger": lambda connection: ledger.entries(connection, 1, ["a"]),
    "ledger, removed": lambda connection: ledger.remove(connection, 1, ["a"]),
    "fill_in_sizes": lambda connection: versions.fill_in_sizes(connection, 1, {"a": PictureSize(1, 1)}),
}


@pytest.mark.parametrize("name", LOOKUPS)
def test_sqlite_narrows_it_down_by_an_index_and_sorts_nothing(name, tmp_path):
    with closing(Database(f"sqlite:///{tmp_path / 'catalogue.sqlite3'}")) as database:
        database.upgrade()
        with database.write() as connection:
            plans = list(explained(connection, LOOKUPS[name]))
    assert plans
    for plan in plans:
        assert not any(word in plan for word in ("SCAN", "(collection_id=?)", "TEMP B-TREE")), plan


def explained(connection: Connection, lookup: Callable[[Connection], object]) -> Iterable[str]:
    """How SQLite goes about each statement of a lookup."""
    said: list[tuple[str, tuple[object, ...]]] = []
    event.listen(
        connection,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, parameters, _context, _many: said.append((statement, parameters)),
    )
    lookup(connection)
    for statement, parameters in said:
        steps = connection.connection.driver_connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        yield "; ".join(step[3] for step in steps)
