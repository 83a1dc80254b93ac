"""From aliases and snapshots to wire bodies: plain dicts in the shapes of api/managing/schemas.py."""

from __future__ import annotations

from api.wire.adapters import Body
from retrieval.overview import Alias
from retrieval.snapshots.store import StoredSnapshot


def alias_body(alias: Alias) -> Body:
    """An alias with the collection that it leads to."""
    return {"name": alias.name, "collection": alias.collection}


def snapshot_body(snapshot: StoredSnapshot) -> Body:
    """A snapshot in a list."""
    return {
        "id": snapshot.id,
        "collection": snapshot.collection,
        "size_bytes": snapshot.size,
        "created_at": snapshot.created_at,
    }
