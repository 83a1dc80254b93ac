"""What clients get of aliases and snapshots: the wire shapes of responses."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.managing import examples
from api.wire.schemas import Schema, with_example


class Deleted(Schema):
    """What is there no more."""

    model_config = with_example(examples.DELETED)

    deleted: str


class Alias(Schema):
    """Another name for a collection."""

    model_config = with_example(examples.ALIAS)

    name: str
    collection: str


class AliasesResponse(Schema):
    """Every alias, by name."""

    model_config = with_example({"aliases": [examples.ALIAS]})

    aliases: list[Alias]


class Snapshot(Schema):
    """A file with all that a collection held when it was begun."""

    id: str
    collection: str
    size_bytes: Annotated[int, Field(ge=0)]
    created_at: datetime


class SnapshotsResponse(Schema):
    """Snapshots, the newest first."""

    model_config = with_example({"snapshots": [examples.SNAPSHOT]})

    snapshots: list[Snapshot]
