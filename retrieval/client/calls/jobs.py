"""Long work of the server, and the evaluations that come of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict, Unpack

from pydantic import TypeAdapter

from retrieval.client.call import Call, Value, of_collection, path, reading, text
from retrieval.client.results import Evaluation, EvaluationSummary, Job, JobState

JOB = reading(TypeAdapter(Job))
_JOBS = reading(TypeAdapter(tuple[Job, ...]), "jobs")
_EVALUATION = reading(TypeAdapter(Evaluation))
_EVALUATIONS = reading(TypeAdapter(tuple[EvaluationSummary, ...]), "evaluations")


class IndexOptions(TypedDict, total=False):
    """The options of `retrieval index`; with a `model`, a collection that is not there is made."""

    model: str
    precision: str
    caption_vectors: bool
    m: int
    ef_construction: int
    ef_search: int
    storage: str
    target_recall: float | None
    sync: bool
    checksum: bool
    images: str
    images_tar: str
    split: str
    exclude: Sequence[str]
    image_column: str
    id_column: str
    caption_columns: Sequence[str]
    batch_size: int
    commit_every: int


class EvaluationOptions(TypedDict, total=False):
    """The options of `retrieval eval`; which of them a kind of evaluation has is told in docs/http.md."""

    dataset: str
    split: str
    k: int | Sequence[int]
    fp32: bool
    attribute: str
    templates: Sequence[str]
    sample: int
    seed: int
    queries: str | Sequence[Mapping[str, str]] | int
    qrels: str | Mapping[str, Mapping[str, int]]
    measures: Sequence[str]
    depth: int
    ef_search: int
    filter: str
    ef: Sequence[int]
    selectivities: Sequence[float]
    filters: Sequence[str]


def start_index(collection: str, source: str, **options: Unpack[IndexOptions]) -> Call[Job]:
    """Start indexing a folder or file below one of the server's source roots."""
    body = {"source": source, **options}
    return Call("POST", of_collection(collection, "jobs", "index"), JOB, json=body, repeatable=False)


def start_evaluation(
    collection: str,
    kind: Literal["captions", "labels", "run", "index"],
    **options: Unpack[EvaluationOptions],
) -> Call[Job]:
    """Start measuring how good a collection is at finding what it should."""
    body = {"kind": kind, **options}
    return Call("POST", of_collection(collection, "jobs", "evaluation"), JOB, json=body, repeatable=False)


def jobs(
    *,
    collection: str | None = None,
    state: JobState | None = None,
    before: int | None = None,
    limit: int | None = None,
) -> Call[tuple[Job, ...]]:
    """Jobs, the newest first, at most `limit`; `before` an id gives the part after it."""
    params: dict[str, Value] = {"collection": collection, "state": state, "before": before, "limit": limit}
    return Call("GET", path("jobs"), _JOBS, params=params)


def job(job_id: int) -> Call[Job]:
    """A job with its state, its progress, and in the end its result."""
    return Call("GET", path("jobs", job_id), JOB)


def cancel_job(job_id: int) -> Call[Job]:
    """Ask a job to stop."""
    return Call("POST", path("jobs", job_id, "cancel"), JOB, repeatable=False)


def retry_job(job_id: int) -> Call[Job]:
    """Queue a job again that failed or was cancelled."""
    return Call("POST", path("jobs", job_id, "retry"), JOB, repeatable=False)


def evaluations(
    *, collection: str | None = None, before: int | None = None, limit: int | None = None
) -> Call[tuple[EvaluationSummary, ...]]:
    """Evaluations, the newest first, at most `limit`; `before` an id gives the part after it."""
    params: dict[str, Value] = {"collection": collection, "before": before, "limit": limit}
    return Call("GET", path("evaluations"), _EVALUATIONS, params=params)


def evaluation(evaluation_id: int) -> Call[Evaluation]:
    """An evaluation with its figures, and the configuration that repeats it."""
    return Call("GET", path("evaluations", evaluation_id), _EVALUATION)


def report(evaluation_id: int) -> Call[str]:
    """The page of an evaluation, HTML that needs nothing but itself."""
    return Call("GET", path("evaluations", evaluation_id, "report"), text)
