"""What clients get of jobs and evaluations: the wire shapes of responses."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from api.jobs import examples
from api.wire.schemas import Schema, with_example
from retrieval.metadata.jobs import JobKind
from retrieval.overview import JobState


class Progress(Schema):
    """How far a job is."""

    stage: Annotated[str, Field(description="What it is doing, for people.")]
    done: Annotated[int, Field(description="Of this stage: documents, vectors or steps.")]
    total: Annotated[int | None, Field(description="Null where it is not known.")]
    rate: Annotated[float | None, Field(description="A second, of late; null at the beginning of a stage.")]
    eta_s: Annotated[float | None, Field(description="Seconds that the stage may still take.")]
    rejected: Annotated[int, Field(description="Files that could not be indexed.")]
    reasons: Annotated[dict[str, int], Field(description="Why, and how many.")]


class Job(Schema):
    """Long work of the server, one job."""

    model_config = with_example(examples.JOB)

    id: int
    kind: JobKind
    collection: str
    state: Annotated[
        JobState, Field(description="`done`, `failed` and `cancelled` are final, but for a retry of the last two.")
    ]
    config: Annotated[dict[str, object], Field(description="The request, but for the queries and judgements in it.")]
    progress: Annotated[Progress | None, Field(description="Null before it starts.")]
    result: Annotated[
        dict[str, object] | None, Field(description="Counts of an index job's last attempt; warnings of an evaluation.")
    ]
    error: Annotated[str | None, Field(description="Why it failed, for people.")]
    evaluation: Annotated[str | None, Field(description="Where the evaluation that it made is.")]
    attempts: Annotated[int, Field(description="Starts since it was last queued.")]
    created_at: datetime
    started_at: Annotated[datetime | None, Field(description="Of the last attempt.")]
    finished_at: datetime | None


EVENT_FIELDS = ("id", "state", "progress", "result", "error", "evaluation")
"""What of a job changes while it is followed."""

EVENT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "event": {"enum": ["progress", "end"]},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {
                "type": "object",
                "properties": {name: {"$ref": f"#/components/schemas/Job/properties/{name}"} for name in EVENT_FIELDS},
                "required": EVENT_FIELDS,
                "additionalProperties": False,
            },
        },
    },
    "required": ["event", "data"],
}
"""One event of the stream of a job, as OpenAPI has it."""


class JobsResponse(Schema):
    """Jobs, newest first."""

    model_config = with_example({"jobs": [examples.JOB]})

    jobs: list[Job]


class EvaluationSummary(Schema):
    """An evaluation that was run, from here or from the command line."""

    id: int
    collection: str
    kind: str
    created_at: datetime
    report: Annotated[str, Field(description="Where its page is.")]


class Evaluation(EvaluationSummary):
    """An evaluation with its figures, and the configuration that repeats it."""

    model_config = with_example(examples.EVALUATION)

    config: dict[str, object]
    metrics: dict[str, object]


class EvaluationsResponse(Schema):
    """Evaluations, newest first."""

    model_config = with_example({"evaluations": [examples.EVALUATION_SUMMARY]})

    evaluations: list[EvaluationSummary]
