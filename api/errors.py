"""The one place that turns errors into responses: `{"error": {"code", "message", "request_id", "detail"?}}`.

What is wrong with a request is said in full. What is wrong with the service is said in words that hold no path, no SQL
and no traceback; the log has the rest.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.observing.logs import REQUEST_ID, request_id
from api.security.headers import HEADERS
from api.wire.invalid import explain
from api.wire.responses import JsonResponse
from retrieval.errors import (
    BusyError,
    ConflictError,
    CursorError,
    DependencyError,
    EncoderMismatchError,
    ExternalVectorsError,
    FilterError,
    ImageError,
    InputError,
    ModelError,
    NotFoundError,
    RecallError,
    RecordError,
    RetrievalError,
    StorageError,
    VectorError,
)

_log = logging.getLogger(__name__)


class ApiError(Exception):
    """An answer that is an error, from the service itself and not from the library."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        detail: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail
        self.headers = headers


@dataclass(frozen=True, slots=True)
class Answer:
    """How a class of errors is answered; without a `message` the error's own is shown."""

    status: int
    code: str
    message: str | None = None
    retry_after_s: int | None = None


INTERNAL = "something went wrong: the server's log says what"

ANSWERS: Mapping[type[Exception], Answer] = {
    FilterError: Answer(422, "invalid_filter"),
    CursorError: Answer(422, "invalid_cursor"),
    VectorError: Answer(422, "invalid_vector"),
    InputError: Answer(422, "invalid_input"),
    ImageError: Answer(422, "invalid_image"),
    RecordError: Answer(422, "invalid_item"),
    NotFoundError: Answer(404, "not_found"),
    ConflictError: Answer(409, "conflict"),
    BusyError: Answer(503, "busy", retry_after_s=1),
    EncoderMismatchError: Answer(
        503, "model_unavailable", "the collection's model is not the one that it was indexed with: tell the operator"
    ),
    ModelError: Answer(503, "model_unavailable", "the collection's model cannot be loaded: the server's log says why"),
    ExternalVectorsError: Answer(422, "invalid_input"),
    StorageError: Answer(
        503, "storage_unavailable", "the catalogue cannot be read or written at the moment: try again", retry_after_s=1
    ),
    RecallError: Answer(409, "conflict"),
    DependencyError: Answer(503, "model_unavailable", "the server lacks a package that this needs: tell the operator"),
    RetrievalError: Answer(500, "internal_error", INTERNAL),
}
"""By class; the most specific one that fits counts."""

CODES: Mapping[int, str] = {400: "invalid_body", 413: "body_too_large"}
"""Codes of the framework's own errors; of others the status phrase, such as `method_not_allowed`."""


def install(app: FastAPI) -> None:
    """Answer every error in the one shape."""
    for kind in (ApiError, RetrievalError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, answer)


async def answer(request: Request, error: Exception) -> JsonResponse:
    """The response to a request that ended in this error."""
    match error:
        case ApiError():
            return error_response(error.status, error.code, error.message, error.detail, headers=error.headers)
        case RetrievalError():
            return _to_library_error(request, error)
        case RequestValidationError():
            return error_response(*explain(error))
        case HTTPException():
            return _to_http_exception(request, error)
        case _:  # the server that runs this application logs the traceback
            _log.error("%s %r failed unexpectedly: %s", request.method, request.url.path, type(error).__name__)
            return error_response(500, "internal_error", INTERNAL, headers=HEADERS)  # sent outside of all layers


def message_of(error: Exception) -> str:
    """What clients are told of an error: its own words, or others where these would show the service's insides."""
    found = _answer_to(error)
    return found.message or str(error) if found else INTERNAL


def error_body(error: Exception) -> dict[str, object]:
    """One error among several answers: `code`, `message`, and `detail` where there is one."""
    if isinstance(error, ApiError):
        code, message, detail = error.code, error.message, error.detail
    else:
        found = _answer_to(error) or ANSWERS[RetrievalError]
        if found.message is not None:
            _log.warning("one of several answers is %r: %s", found.code, error)
        code, message, detail = found.code, message_of(error), _detail(error)
    return {"code": code, "message": message, **({} if detail is None else {"detail": detail})}


def error_response(
    status: int, code: str, message: str, detail: object = None, *, headers: Mapping[str, str] | None = None
) -> JsonResponse:
    """A response in the shape of all errors."""
    error: dict[str, object] = {"code": code, "message": message, "request_id": request_id.get()}
    if detail is not None:
        error["detail"] = detail
    named = {**(headers or {}), REQUEST_ID: request_id.get()}
    return JsonResponse({"error": error}, status_code=status, headers=named)


def _to_library_error(request: Request, error: RetrievalError) -> JsonResponse:
    found = _answer_to(error) or ANSWERS[RetrievalError]
    if found.message is not None:
        _log.warning("%s %r answered with %d: %s", request.method, request.url.path, found.status, error)
    headers = {"Retry-After": str(found.retry_after_s)} if found.retry_after_s is not None else None
    return error_response(found.status, found.code, message_of(error), _detail(error), headers=headers)


def _answer_to(error: Exception) -> Answer | None:
    return next((ANSWERS[kind] for kind in type(error).__mro__ if kind in ANSWERS), None)


def _detail(error: Exception) -> object:
    match error:
        case FilterError():
            return {"position": error.position}
        case ImageError():
            return {"reason": error.reason}
        case _:
            return None


def _to_http_exception(request: Request, error: HTTPException) -> JsonResponse:
    code = CODES.get(error.status_code) or HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    message, headers = str(error.detail), error.headers
    if error.status_code == HTTPStatus.BAD_REQUEST:
        message = f"{message}: send JSON in UTF-8, not compressed and not nested deeply, or a whole multipart form"
    elif error.status_code == HTTPStatus.NOT_FOUND:
        message = f"nothing is at {request.url.path[:200]!r}: /docs lists what there is"
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = _allowed_methods(request) or (headers or {}).get("Allow", "GET")
        message = f"{request.method[:20]} is not for {request.url.path[:200]!r}: there is {allowed}"
        headers = {"Allow": allowed}  # the framework names those of the first route that has the path
    return error_response(error.status_code, code, message, headers=headers)


def _allowed_methods(request: Request) -> str:
    routes: Mapping[str, Mapping[str, object]] = request.app.openapi()["paths"]
    fitting = (of for path, of in routes.items() if re.fullmatch(re.sub(r"{\w+}", "[^/]+", path), request.url.path))
    return ", ".join(sorted({method.upper() for of in fitting for method in of}))
