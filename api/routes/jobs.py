"""Long work of the server: started here, followed, cancelled and retried."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import StreamingResponse

from api.dependencies import CollectionName, ServiceDependency
from api.jobs import examples
from api.jobs.adapters import job_body
from api.jobs.events import events
from api.jobs.requests import LARGEST_ID, EvaluationJobRequest, IndexJobRequest, JobListParameters
from api.jobs.responses import started
from api.jobs.schemas import EVENT, Job, JobsResponse
from api.jobs.starting import start_evaluation, start_index
from api.wire.error_docs import CHANGING, READING, SENDING, errors
from api.wire.header_docs import LOCATION
from api.wire.responses import JsonResponse
from retrieval.metadata import jobs

router = APIRouter(prefix="/v1", tags=["jobs"])

JobId = Annotated[int, Path(ge=1, le=LARGEST_ID, description="Number of a job.", examples=[7])]


@router.post(
    "/collections/{collection}/jobs/index",
    response_model=Job,
    status_code=202,
    summary="Start indexing a source of the server",
    responses={202: LOCATION, **errors(*SENDING)},
)
async def start_index_job(
    collection: CollectionName, body: IndexJobRequest, service: ServiceDependency
) -> JsonResponse:
    """Bring a collection up to date with a folder or file under the server's source roots: `retrieval index`."""
    return started(await service.workers.run(start_index, service.workspace, service.source_roots, collection, body))


@router.post(
    "/collections/{collection}/jobs/evaluation",
    response_model=Job,
    status_code=202,
    summary="Start an evaluation",
    responses={202: LOCATION, **errors(*SENDING)},
)
async def start_evaluation_job(
    collection: CollectionName, body: EvaluationJobRequest, service: ServiceDependency
) -> JsonResponse:
    """Measure how good a collection is at finding what it should: `retrieval eval`, with a report."""
    return started(
        await service.workers.run(start_evaluation, service.workspace, service.source_roots, collection, body)
    )


@router.get("/jobs", response_model=JobsResponse, summary="List jobs", responses=errors(422, 500, 503))
async def list_jobs(asked: Annotated[JobListParameters, Query()], service: ServiceDependency) -> JsonResponse:
    """Jobs, the newest first."""
    found = await service.transactions.read(partial(jobs.newest, **asked.model_dump()))
    return JsonResponse({"jobs": [job_body(job) for job in found]})


@router.get("/jobs/{job}", response_model=Job, summary="Get a job", responses=errors(*READING))
async def get_job(job: JobId, service: ServiceDependency) -> JsonResponse:
    """A job with its state, its progress, and in the end its result."""
    return JsonResponse(job_body(await service.transactions.read(partial(jobs.get, job_id=job))))


@router.get(
    "/jobs/{job}/events",
    response_class=StreamingResponse,
    summary="Follow a job",
    responses={
        200: {
            "description": "Events `progress` and `end`, each with what changes of the job.",
            "content": {"text/event-stream": {"itemSchema": EVENT, "example": examples.EVENTS}},
        },
        **errors(*READING),
    },
)
async def follow_job(job: JobId, service: ServiceDependency) -> StreamingResponse:
    """Server-sent events until the job has ended."""
    look = partial(service.transactions.read, partial(jobs.get, job_id=job))
    return StreamingResponse(
        events(await look(), look, leaving=service.leaving),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@router.post("/jobs/{job}/cancel", response_model=Job, summary="Cancel a job", responses=errors(*CHANGING))
async def cancel_job(job: JobId, service: ServiceDependency) -> JsonResponse:
    """A job that waits is cancelled at once; one that runs is asked to stop, and made to after a while."""
    return JsonResponse(job_body(await service.transactions.write(partial(jobs.cancel, job_id=job))))


@router.post("/jobs/{job}/retry", response_model=Job, summary="Retry a job", responses=errors(*CHANGING))
async def retry_job(job: JobId, service: ServiceDependency) -> JsonResponse:
    """Queue a job again that failed or was cancelled. Indexing goes on from where it was."""
    return JsonResponse(job_body(await service.transactions.write(partial(jobs.retry, job_id=job))))
