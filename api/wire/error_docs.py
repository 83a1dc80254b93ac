"""How the OpenAPI document describes errors: one shape, with an example for each status that a route may answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.wire.schemas import ErrorResponse

_REQUEST_ID = "b1946ac92492d234"


@dataclass(frozen=True, slots=True)
class _Described:
    """What a status means, an error that it comes with, and the headers that are with it."""

    meaning: str
    code: str
    message: str
    detail: Mapping[str, Any] | None = None
    headers: Mapping[str, Any] | None = None

    def response(self) -> dict[str, Any]:
        """As `responses` of a route take it."""
        error: dict[str, Any] = {"request_id": _REQUEST_ID, "code": self.code, "message": self.message}
        if self.detail is not None:
            error["detail"] = self.detail
        response: dict[str, Any] = {
            "model": ErrorResponse,
            "description": self.meaning,
            "content": {"application/json": {"example": {"error": error}}},
        }
        return response if self.headers is None else {**response, "headers": self.headers}


_DESCRIBED = {
    400: _Described(
        "The body cannot be read at all.",
        "invalid_json",
        "the body is not valid JSON: Expecting value at character 10",
        {"position": 9},
    ),
    401: _Described(
        "The server asks for a key.",
        "key_required",
        "this needs a key: send one as `Authorization: Bearer KEY` or `X-Api-Key: KEY`",
        headers={
            "WWW-Authenticate": {"description": "How to send a key.", "required": True, "schema": {"type": "string"}}
        },
    ),
    403: _Described(
        "The key does not allow it.",
        "scope_required",
        "this needs a key of scope 'write'; the one that was sent has 'read'",
        {"scope": "write"},
    ),
    404: _Described("There is no such collection or document.", "not_found", "no collection 'photo': there is photos"),
    408: _Described(
        "The body did not arrive in time.",
        "request_timeout",
        "the body did not arrive within 60 s: send it again, or a smaller one",
    ),
    409: _Described(
        "Its state does not allow it.",
        "conflict",
        "job 7 is done: only one that failed or was cancelled can be retried",
    ),
    413: _Described(
        "The body is too large.",
        "body_too_large",
        "the body has more than 16,777,216 bytes, the most that this server takes: send less at a time",
    ),
    416: _Described(
        "The file has no such part; `Content-Range` says how long it is.",
        "invalid_range",
        "no range of a file of 312000000 bytes: ask for one as `Range: bytes=0-1023`, or for all of it",
    ),
    421: _Described(
        "The server is not asked for by this name.",
        "misdirected_request",
        "this server is not asked for by the name 'shop.example': its operator lists names in "
        "RETRIEVAL_API_ALLOWED_HOSTS",
    ),
    422: _Described(
        "Something that was asked for is wrong; the message says what, and what to do.",
        "invalid_filter",
        "expected a value (at position 9 of the filter: price < ⟦⟧)",
        {"position": 8},
    ),
    429: _Described(
        "Too many requests; `Retry-After` says how many seconds to wait.",
        "too_many_requests",
        "more requests than 600 per 60 s: wait 7 s",
        headers={
            "Retry-After": {"description": "Seconds.", "required": True, "schema": {"type": "integer", "minimum": 1}}
        },
    ),
    500: _Described("A fault of the service.", "internal_error", "something went wrong: the server's log says what"),
    503: _Described(
        "The model or the storage is not available at the moment.",
        "storage_unavailable",
        "the catalogue cannot be read or written at the moment: try again",
        headers={
            "Retry-After": {
                "description": "Seconds, where trying again may help.",
                "schema": {"type": "integer", "minimum": 1},
            }
        },
    ),
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may answer with these statuses."""
    return {status: _DESCRIBED[status].response() for status in statuses}


READING = (404, 422, 500, 503)
CHANGING = (404, 409, 422, 500, 503)
SENDING = (400, 404, 408, 413, 422, 500, 503)
WRITING = (400, 404, 408, 409, 413, 422, 500, 503)
