"""How the OpenAPI document describes errors: one shape, with an example for each status that a route may answer."""

from __future__ import annotations

from typing import Any

from api.wire.schemas import ErrorResponse

_REQUEST_ID = "b1946ac92492d234"
_EXAMPLES: dict[int, tuple[str, dict[str, Any]]] = {
    400: (
        "The body cannot be read at all.",
        {
            "code": "invalid_json",
            "message": "the body is not valid JSON: Expecting value at character 10",
            "detail": {"position": 9},
        },
    ),
    401: (
        "The server asks for a key.",
        {
            "code": "key_required",
            "message": "this needs a key: send one as `Authorization: Bearer KEY` or `X-Api-Key: KEY`",
        },
    ),
    403: (
        "The key does not allow it.",
        {
            "code": "scope_required",
            "message": "this needs a key of scope 'write'; the one that was sent has 'read'",
            "detail": {"scope": "write"},
        },
    ),
    404: (
        "There is no such collection or document.",
        {"code": "not_found", "message": "no collection 'photo': there is photos"},
    ),
    408: (
        "The body did not arrive in time.",
        {"code": "request_timeout", "message": "the body did not arrive within 60 s: send it again, or a smaller one"},
    ),
    409: (
        "Its state does not allow it.",
        {"code": "conflict", "message": "job 7 is done: only one that failed or was cancelled can be retried"},
    ),
    413: (
        "The body is too large.",
        {
            "code": "body_too_large",
            "message": "the body has more than 16,777,216 bytes, the most that this server takes: send less at a time",
        },
    ),
    416: (
        "The file has no such part; `Content-Range` says how long it is.",
        {
            "code": "invalid_range",
            "message": "no range of a file of 312000000 bytes: ask for one as `Range: bytes=0-1023`, or for all of it",
        },
    ),
    421: (
        "The server is not asked for by this name.",
        {
            "code": "misdirected_request",
            "message": "this server is not asked for by the name 'shop.example': its operator lists names in "
            "RETRIEVAL_API_ALLOWED_HOSTS",
        },
    ),
    422: (
        "Something that was asked for is wrong; the message says what, and what to do.",
        {
            "code": "invalid_filter",
            "message": "expected a value (at position 9 of the filter: price < ⟦⟧)",
            "detail": {"position": 8},
        },
    ),
    429: (
        "Too many requests; `Retry-After` says how many seconds to wait.",
        {"code": "too_many_requests", "message": "more requests than 600 per 60 s: wait 7 s"},
    ),
    500: (
        "A fault of the service.",
        {"code": "internal_error", "message": "something went wrong: the server's log says what"},
    ),
    503: (
        "The model or the storage is not available at the moment.",
        {
            "code": "storage_unavailable",
            "message": "the catalogue cannot be read or written at the moment: try again",
        },
    ),
}
_HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"description": "How to send a key.", "required": True, "schema": {"type": "string"}}},
    429: {"Retry-After": {"description": "Seconds.", "required": True, "schema": {"type": "integer", "minimum": 1}}},
    503: {
        "Retry-After": {
            "description": "Seconds, where trying again may help.",
            "schema": {"type": "integer", "minimum": 1},
        }
    },
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may answer with these statuses."""
    return {
        status: {
            "model": ErrorResponse,
            "description": _EXAMPLES[status][0],
            "content": {
                "application/json": {"example": {"error": {"request_id": _REQUEST_ID, **_EXAMPLES[status][1]}}}
            },
            **({"headers": _HEADERS[status]} if status in _HEADERS else {}),
        }
        for status in statuses
    }


READING = (404, 422, 500, 503)
CHANGING = (404, 409, 422, 500, 503)
SENDING = (400, 404, 408, 413, 422, 500, 503)
WRITING = (400, 404, 408, 409, 413, 422, 500, 503)
