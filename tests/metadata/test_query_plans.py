"""What is looked up by a document's id does not read through the collection."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing

import pytest
from sqlalchemy import Connection, event

from retrieval.metadata import items, listing, versions
from retrieval.metadata.database import Database
from retrieval.types import PictureSize

LOOKUPS: dict[str, Callable[[Connection], object]] = {
    "live_keys": lambda connection: items.live_keys(connection, 1, ["a", "b"]),
    "without_size": lambda connection: items.without_size(connection, 1, ["a"]),
    "keys_after": lambda connection: list(listing.keys_after(connection, 1, "a", batch=10)),
    "fill_in_sizes": lambda connection: versions.fill_in_sizes(connection, 1, {"a": PictureSize(1, 1)}),
}


@pytest.mark.parametrize("name", LOOKUPS)
def test_sqlite_takes_the_index_of_live_documents(name, tmp_path):
    with closing(Database(f"sqlite:///{tmp_path / 'catalogue.sqlite3'}")) as database:
        database.upgrade()
        with database.write() as connection:
            plans = list(explained(connection, LOOKUPS[name]))
    assert plans
    assert all("USING INDEX uq_items_live_doc (collection_id=? AND doc_id" in plan for plan in plans), plans
    assert not any("TEMP B-TREE" in plan for plan in plans), "what is in the order of the index is sorted"


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
