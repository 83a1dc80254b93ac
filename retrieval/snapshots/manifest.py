"""What a snapshot says of itself: its first member, JSON, whose own checksum is the second."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from retrieval.errors import SnapshotError
from retrieval.metadata.database import SCHEMA_REVISION

FORMAT = 1
"""Versions of the format are numbered; a release reads its own and all before."""

MANIFEST = "manifest.json"
CHECKSUM = "manifest.json.sha256"
MOST_BYTES = 2**30  # of the manifest, which is read into memory

SEGMENTS, IMAGES = "segments/", "images/"

_SAFE = re.compile(rf"rows/[a-z_]+\.jsonl|{SEGMENTS}[0-9a-f]{{64}}\.[a-z]+|{IMAGES}[0-9a-f]{{64}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a snapshot, and the bytes and digest that it must have."""

    name: str
    size: int
    sha256: str

    def __post_init__(self) -> None:
        """Refuse what is no name of a member, and could lead out of a folder."""
        if not _SAFE.fullmatch(self.name):
            raise SnapshotError(f"the snapshot has a member {self.name[:100]!r}, which none has")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot holds.

    `columns` are those of each table, in the order of the values in its rows; `members` are in the order of the file.
    `schema` is the database's revision when it was taken; `created_at` is in ISO 8601.
    """

    collection: str
    documents: int
    captions: int
    schema: str
    created_at: str
    columns: Mapping[str, tuple[str, ...]]
    members: tuple[Member, ...]

    @property
    def size(self) -> int:
        """Bytes of all members together."""
        return sum(member.size for member in self.members)

    def rows_of(self, table: str) -> Member:
        """The member with the rows of a table; `SnapshotError` where there is none."""
        for member in self.members:
            if member.name == rows_name(table):
                return member
        raise SnapshotError(f"the snapshot has no rows of {table!r}")

    def to_json(self) -> bytes:
        """As it is stored."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1).encode()

    @classmethod
    def from_json(cls, stored: bytes) -> Manifest:
        """Read it back. Raises `SnapshotError` for a newer format, a newer schema, and what is no manifest."""
        try:
            document = json.loads(stored)
            version, schema = document.pop("format"), document["schema"]
            if version > FORMAT or schema > SCHEMA_REVISION:
                raise SnapshotError(
                    f"the snapshot was written by a newer release (format {version}, schema {schema}; this one reads "
                    f"{FORMAT} and {SCHEMA_REVISION}): upgrade multimodal-retrieval"
                )
            return cls(**{**document, "columns": _columns(document), "members": _members(document)})
        except (KeyError, TypeError, ValueError) as error:
            raise SnapshotError("this is no snapshot: its manifest is not one") from error


def rows_name(table: str) -> str:
    """The name of the member with the rows of a table."""
    return f"rows/{table}.jsonl"


def _columns(document: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {table: tuple(columns) for table, columns in document["columns"].items()}


def _members(document: Mapping[str, Any]) -> tuple[Member, ...]:
    return tuple(Member(**member) for member in document["members"])
