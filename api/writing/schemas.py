"""What clients get of changed and listed documents: the wire shapes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.wire.schemas import Item, Schema, with_example
from api.writing import examples


class Page(Schema):
    """Documents in the order of their ids. No document comes twice, whatever is changed between two pages."""

    model_config = with_example(examples.PAGE)

    items: list[Item]
    next_cursor: Annotated[str | None, Field(description="`cursor` of the next page; null after the last one.")]


class Several(Schema):
    """Documents in the order asked for, and the ids of those that are not there."""

    model_config = with_example(examples.SEVERAL)

    items: list[Item]
    missing: list[str]


class Rejected(Schema):
    """A document that was not stored."""

    doc_id: str
    reason: Annotated[str, Field(description="A short stable code, such as `truncated`.")]
    message: str


class StoredItems(Schema):
    """What became of documents: those that are durable and searchable now, and those that are not stored, and why."""

    model_config = with_example(examples.STORED)

    indexed: list[str]
    rejected: list[Rejected]


class Reject(Schema):
    """A picture of a source that could not be indexed."""

    doc_id: str
    reason: Annotated[str, Field(description="A short stable code, such as `truncated`.")]
    at: Annotated[
        datetime | None, Field(description="When the run began that met it last; null where it was no bulk run.")
    ]


class RejectsResponse(Schema):
    """Pictures of sources that could not be indexed, in the order of their ids; those that were sent are not here."""

    model_config = with_example(examples.REJECTS)

    rejects: list[Reject]
    next_cursor: Annotated[str | None, Field(description="`cursor` of the next page; null after the last one.")]


class DeletedItems(Schema):
    """How many documents were found, and how many of them deleted: none for a dry run."""

    model_config = with_example(examples.DELETED)

    matched: int
    deleted: int
