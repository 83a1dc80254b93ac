"""What the service answers, as values; many are the library's own.

Those are hits, plans and matches (`retrieval.types`), facets (`retrieval.facets`), collections and aliases
(`retrieval.overview`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from retrieval.explanation import Explanation
from retrieval.facets import Bin as Bin
from retrieval.facets import Facet as Facet
from retrieval.facets import Histogram as Histogram
from retrieval.facets import ValueCount as ValueCount
from retrieval.overview import ENDED, CollectionStatus
from retrieval.overview import Alias as Alias
from retrieval.overview import JobState as JobState
from retrieval.types import AttributeValue, Hit, Match, Plan

CollectionInfo: TypeAlias = CollectionStatus


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits in the order to show them, how they were searched, and the cursor of the next ones.

    `explain` and `facets` are there where they were asked for.
    """

    hits: tuple[Hit, ...]
    match: Match | None
    plan: Plan
    timings: Mapping[str, float]
    next_cursor: str | None = None
    explain: Explanation | None = None
    facets: tuple[Facet, ...] | None = None


@dataclass(frozen=True, slots=True)
class SearchError:
    """What is wrong with one search of several; `code` and `detail` as in docs/http.md."""

    code: str
    message: str
    detail: object = None


@dataclass(frozen=True, slots=True)
class FailedSearch:
    """In the place of a result."""

    error: SearchError


@dataclass(frozen=True, slots=True)
class Document:
    """A document as stored; `width` and `height` are its picture's, None where that is not known."""

    doc_id: str
    captions: tuple[str, ...]
    attributes: Mapping[str, AttributeValue]
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Several:
    """Documents in the order asked for, and the ids of those that are not there."""

    items: tuple[Document, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A document that was not stored; `reason` is a short stable code such as `truncated`."""

    doc_id: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of documents: those that are durable and searchable now, and the others."""

    indexed: tuple[str, ...]
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True, slots=True)
class Reject:
    """A picture of a source that a run could not index; `at` is when the run began that met it last."""

    doc_id: str
    reason: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Rejects:
    """A part of what could not be indexed, and the cursor of the next one."""

    rejects: tuple[Reject, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Deletion:
    """How many documents were found, and how many of them deleted."""

    matched: int
    deleted: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A file of the server with all that a collection held when it was begun."""

    id: str
    collection: str
    size_bytes: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is."""

    stage: str
    done: int
    total: int | None
    rate: float | None
    eta_s: float | None
    rejected: int
    reasons: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class JobUpdate:
    """What changes of a job while it is followed."""

    id: int
    state: JobState
    progress: Progress | None
    result: Mapping[str, object] | None
    error: str | None
    evaluation: str | None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens unless it is retried."""
        return self.state in ENDED


@dataclass(frozen=True, slots=True)
class Job(JobUpdate):
    """Long work of the server."""

    kind: str
    collection: str
    config: Mapping[str, object]
    attempts: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class EvaluationSummary:
    """An evaluation that was run; `report` is the path of its page."""

    id: int
    collection: str
    kind: str
    created_at: datetime
    report: str


@dataclass(frozen=True, slots=True)
class Evaluation(EvaluationSummary):
    """An evaluation with its figures, and the configuration that repeats it."""

    config: Mapping[str, object]
    metrics: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Health:
    """The process answers."""

    status: str
    version: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """What was to be loaded at start is."""

    status: str
    collections: Mapping[str, str]
