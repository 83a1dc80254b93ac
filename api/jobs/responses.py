"""The answer to a request that starts a job."""

from __future__ import annotations

from api.jobs.adapters import job_body, job_url
from api.wire.responses import JsonResponse
from retrieval.metadata.jobs import JobInfo


def started(job: JobInfo) -> JsonResponse:
    """202 with the job as it is queued, and where it can be looked at."""
    return JsonResponse(job_body(job), status_code=202, headers={"Location": job_url(job)})
