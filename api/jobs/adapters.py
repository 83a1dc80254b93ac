"""From jobs and evaluations to wire bodies: plain dicts in the shapes of api/jobs/schemas.py."""

from __future__ import annotations

from api.jobs.schemas import EVENT_FIELDS
from api.wire.adapters import Body
from retrieval.metadata.evaluations import EvaluationInfo
from retrieval.metadata.jobs import JobInfo


def job_body(job: JobInfo) -> Body:
    """A job with all that is shown of it."""
    result = dict(job.result) if job.result is not None else None
    evaluation = result.pop("evaluation_id", None) if result else None
    return {
        "id": job.id,
        "kind": job.kind,
        "collection": job.collection,
        "state": job.state,
        "config": job.config,
        "progress": job.progress or None,
        "result": result,
        "error": job.error,
        "evaluation": evaluation and evaluation_url(evaluation),
        "attempts": job.attempts,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }


def event_body(job: JobInfo) -> Body:
    """What changes of a job while it is followed."""
    body = job_body(job)
    return {name: body[name] for name in EVENT_FIELDS}


def job_url(job: JobInfo) -> str:
    """Where a job is."""
    return f"/v1/jobs/{job.id}"


def evaluation_url(evaluation_id: int) -> str:
    """Where an evaluation is."""
    return f"/v1/evaluations/{evaluation_id}"


def summary_body(evaluation: EvaluationInfo) -> Body:
    """An evaluation in a list."""
    return {
        "id": evaluation.id,
        "collection": evaluation.collection,
        "kind": evaluation.kind,
        "created_at": evaluation.created_at,
        "report": f"{evaluation_url(evaluation.id)}/report",
    }


def evaluation_body(evaluation: EvaluationInfo) -> Body:
    """An evaluation with its figures."""
    return {**summary_body(evaluation), "config": evaluation.config, "metrics": evaluation.metrics}
