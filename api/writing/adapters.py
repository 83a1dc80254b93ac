"""From domain types to the wire bodies of api/writing/schemas.py, and cursors to and from text."""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Sequence

from api.errors import message_of
from api.wire.adapters import Body, document_body, item_body
from api.writing.items import Outcome
from retrieval.errors import CursorError
from retrieval.metadata.ledger import Reject
from retrieval.types import Item
from retrieval.writer import EmbeddedItem

NO_CURSOR = "this is no cursor: give `next_cursor` of the page before as it was"


def page_body(items: Sequence[Item], limit: int) -> Body:
    """The first `limit` items; that there are more shows that there is another page."""
    page = items[:limit]
    following = cursor_after(page[-1].doc_id) if len(items) > limit else None
    return {"items": [*map(item_body, page)], "next_cursor": following}


def rejects_body(rejects: Sequence[Reject], limit: int) -> Body:
    """The first `limit` of them, without the words that may tell where a file lies on the server."""
    page = rejects[:limit]
    return {
        "rejects": [{"doc_id": one.doc_id, "reason": one.reason, "at": one.at} for one in page],
        "next_cursor": cursor_after(page[-1].doc_id) if len(rejects) > limit else None,
    }


def several_body(items: Sequence[Item], asked: Sequence[str]) -> Body:
    """Items, and which of those asked for are not among them."""
    there = {item.doc_id for item in items}
    return {"items": [*map(item_body, items)], "missing": [doc_id for doc_id in asked if doc_id not in there]}


def written_body(item: EmbeddedItem) -> Body:
    """A document as it has just been written."""
    return document_body(item.record, item.size)


def stored_body(outcome: Outcome) -> Body:
    """What is stored and what is not."""
    rejected = [
        {"doc_id": one.doc_id, "reason": one.reason, "message": message_of(one.error)} for one in outcome.rejected
    ]
    return {"indexed": [item.record.doc_id for item in outcome.stored], "rejected": rejected}


def cursor_after(doc_id: str) -> str:
    """Where a page that ends with this document goes on."""
    return urlsafe_b64encode(doc_id.encode()).decode().rstrip("=")


def doc_id_of(cursor: str | None) -> str:
    """The document after which the page begins, "" for the first one. `CursorError` for what is no cursor."""
    if cursor is None:
        return ""
    try:
        doc_id = b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode()
    except ValueError as error:
        raise CursorError(NO_CURSOR) from error
    if "\0" in doc_id:
        raise CursorError(NO_CURSOR)
    return doc_id
