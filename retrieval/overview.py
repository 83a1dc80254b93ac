"""What is told of collections, of their other names and of jobs, by the library and by the service alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from retrieval.certificate import Certificate
from retrieval.types import VectorKind

JobState: TypeAlias = Literal["queued", "running", "cancelling", "cancelled", "done", "failed"]
ENDED: tuple[JobState, ...] = ("cancelled", "done", "failed")
"""In which nothing more happens to a job, unless it is retried."""


@dataclass(frozen=True, slots=True)
class CollectionStatus:
    """One collection at a glance.

    `memory_bytes` is what searches go through: codes instead of vectors where there are codes. The last few vectors of
    each search are read from the disk beyond that.
    """

    name: str
    aliases: tuple[str, ...]
    model: str
    precision: str
    encoder_id: str
    dim: int
    documents: int
    captions: int
    rejected: int
    generation: int
    index: str
    storage: str
    target_recall: float | None
    ef_search: int
    certificates: Mapping[VectorKind, Certificate]
    disk_bytes: int
    memory_bytes: int
    last_run: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Alias:
    """Another name for a collection, and the name of the collection itself."""

    name: str
    collection: str
