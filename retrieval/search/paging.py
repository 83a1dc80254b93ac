"""The part of a ranking that a page is of, and whether more follows."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from retrieval.errors import CursorError, InputError
from retrieval.metadata import items
from retrieval.metadata.collections import CollectionInfo
from retrieval.search.candidates import Candidates
from retrieval.search.cursor import NOT_THIS, Cursor, search_digest
from retrieval.search.options import SearchOptions
from retrieval.search.query import MOST_HITS
from retrieval.search.ranking import Sought
from retrieval.types import Hit, Plan


def cursor_of(info: CollectionInfo, sought: Sought, options: SearchOptions) -> Cursor:
    """Where a search goes on: at its begin, or where its options say.

    Raises:
        CursorError: the cursor is that of another search, or none.
        InputError: it has come to the 10,000 hits that a search gives at most.
    """
    digest = search_digest(info.id, sought.asked or b"", options)
    if options.cursor is None:
        return Cursor(digest)
    cursor = Cursor.read(options.cursor)
    if cursor.search != digest:
        raise CursorError(NOT_THIS)
    check_depth(cursor, options.k, most=MOST_HITS)
    return cursor


def check_depth(cursor: Cursor, k: int, *, most: int) -> None:
    """`InputError` where k more hits would be more than `most` in all."""
    if cursor.hits + k > most:
        raise InputError(
            f"{cursor.hits:,} hits were given, and {k:,} more would be over {most:,}, the most that pages go through: "
            "narrow the search with a filter or min_score"
        )


def not_given(connection: Connection, info: CollectionInfo, cursor: Cursor, found: Candidates) -> Candidates:
    """The candidates whose documents were not given before."""
    if not cursor.given:
        return found
    documents = items.doc_ids_by_keys(connection, info.id, found.keys.tolist())
    return found.without([key for doc_id, key in documents.items() if cursor.has(doc_id)])


def next_cursor(
    cursor: Cursor, options: SearchOptions, plan: Plan, left: Candidates, hits: Sequence[Hit]
) -> str | None:
    """Where to go on after a page of `hits`, the first of what is `left`; None where nothing can follow.

    What follows may turn out to be nothing where the number of all hits is not known before they are looked for.
    """
    total = plan.searched if plan.allowed is None else plan.allowed
    is_last = len(left) <= options.k and (
        options.group_by is not None or total <= cursor.hits + options.k + options.others
    )
    if options.diversity or len(hits) < options.k or is_last:
        return None
    grouped = [hit.attributes.get(options.group_by) for hit in hits] if options.group_by else []
    return cursor.after([hit.doc_id for hit in hits], grouped).text
