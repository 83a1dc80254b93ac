"""What the service answers, as values; hits, plans and matches are the library's own (`retrieval.types`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from retrieval.certificate import Certificate
from retrieval.explanation import Explanation
from retrieval.types import AttributeValue, Hit, Match, Plan

JobState: TypeAlias = Literal["queued", "running", "cancelling", "done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class ValueCount:
    """How many documents have a value; a list counts by its elements."""

    value: str | bool
    count: int


@dataclass(frozen=True, slots=True)
class Bin:
    """How many documents have a value from `low` up to but not including `high`."""

    low: float | str
    high: float | str
    count: int


@dataclass(frozen=True, slots=True)
class Histogram:
    """The extent of numbers, or of dates as they are written, and their distribution."""

    min: float | str
    max: float | str
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Facet:
    """What a set of documents has for one attribute."""

    attribute: str
    type: str
    documents: int
    kinds: Mapping[str, int]
    values: tuple[ValueCount, ...]
    distinct: int
    numbers: Histogram | None
    dates: Histogram | None


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
class Deletion:
    """How many documents were found, and how many of them deleted."""

    matched: int
    deleted: int


@dataclass(frozen=True, slots=True)
class CollectionInfo:
    """A collection at a glance."""

    name: str
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
    certificates: Mapping[str, Certificate]
    disk_bytes: int
    memory_bytes: int
    last_run: str | None
    created_at: datetime
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alias:
    """Another name for a collection."""

    name: str
    collection: str


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
        return self.state in ("done", "failed", "cancelled")


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
