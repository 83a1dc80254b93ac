"""Evaluations that were run, by jobs and from the command line, and their reports."""

from __future__ import annotations

from functools import partial
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import HTMLResponse, Response

from api.dependencies import ServiceDependency
from api.errors import ApiError
from api.jobs.adapters import evaluation_body, summary_body
from api.jobs.requests import LARGEST_ID, ListParameters
from api.jobs.schemas import Evaluation, EvaluationsResponse
from api.wire.error_docs import READING, errors
from api.wire.responses import JsonResponse
from retrieval.metadata import evaluations

router = APIRouter(prefix="/v1/evaluations", tags=["evaluations"])

EvaluationId = Annotated[int, Path(ge=1, le=LARGEST_ID, description="Number of an evaluation.", examples=[3])]

REPORT_HEADERS = {
    # A report shows captions and names from a catalogue: it may style itself and show its own pictures, and no more.
    "Content-Security-Policy": (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
}


@router.get("", response_model=EvaluationsResponse, summary="List evaluations", responses=errors(422, 500, 503))
async def list_evaluations(asked: Annotated[ListParameters, Query()], service: ServiceDependency) -> JsonResponse:
    """Evaluations, the newest first."""
    found = await service.transactions.read(partial(evaluations.newest, **asked.model_dump()))
    return JsonResponse({"evaluations": [summary_body(evaluation) for evaluation in found]})


@router.get("/{evaluation}", response_model=Evaluation, summary="Get an evaluation", responses=errors(*READING))
async def get_evaluation(evaluation: EvaluationId, service: ServiceDependency) -> JsonResponse:
    """Its figures, and the configuration that repeats it."""
    return JsonResponse(
        evaluation_body(await service.transactions.read(partial(evaluations.get, evaluation_id=evaluation)))
    )


@router.get(
    "/{evaluation}/report",
    response_class=Response,
    summary="Get the report of an evaluation",
    responses={
        200: {"description": "A page that needs nothing but itself.", "content": {"text/html": {}}},
        **errors(*READING),
    },
)
async def get_report(evaluation: EvaluationId, service: ServiceDependency) -> HTMLResponse:
    """The page with tables, plots and examples. It runs no scripts and loads nothing."""
    found = await service.transactions.read(partial(evaluations.get, evaluation_id=evaluation))
    page = await service.workers.run(_read_page, FilePath(found.folder, "report.html"), evaluation)
    return HTMLResponse(page, headers=REPORT_HEADERS)


def _read_page(path: FilePath, evaluation: int) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ApiError(
            404, "no_report", f"the report of evaluation {evaluation} is not on this server any more"
        ) from error
