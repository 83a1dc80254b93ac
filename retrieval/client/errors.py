"""What a call may end in.

    ClientError
    ├── NoAnswerError           the server cannot be reached, or did not answer in time
    ├── UnexpectedAnswerError   something answers there that is not this service
    ├── StillRunningError       a job has not ended in the time that it was waited for
    └── RefusedError            an answer with a status of 400 or more
        ├── BadRequestError     400, 405, 408, 413, 422: the request is wrong, and the message says how
        ├── DeniedError         401, 403: no key, or one that does not allow it
        ├── NotFoundError       404
        ├── ConflictError       409
        ├── RateLimitError      429
        └── ServerError         5xx
            └── UnavailableError    503: later it may be answered

All have `code`, `message` and `request_id`. What was refused or failed by itself is repeated first (`Retry`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from httpx2 import Response

from retrieval.errors import RetrievalError


class ClientError(RetrievalError):
    """`code` is stable and for programs; `request_id` finds the lines of the server's log, None without an answer."""

    def __init__(self, code: str, message: str, request_id: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.request_id = request_id


class NoAnswerError(ClientError):
    """The server cannot be reached, or did not answer in time."""


class UnexpectedAnswerError(ClientError):
    """Something answers there that is not this service, or one of another version."""


class StillRunningError(ClientError):
    """A job has not ended in the time that it was waited for; it goes on."""


class RefusedError(ClientError):
    """An answer with a status of 400 or more; `detail` depends on the code (docs/http.md)."""

    def __init__(
        self,
        code: str,
        message: str,
        request_id: str | None = None,
        *,
        status: int,
        detail: object = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(code, message, request_id)
        self.status = status
        self.detail = detail
        self.retry_after_s = retry_after_s


class BadRequestError(RefusedError):
    """The request is wrong, and the message says how."""


class DeniedError(RefusedError):
    """There is no key, or it does not allow this."""


class NotFoundError(RefusedError):
    """There is no such collection, document, job or the like."""


class ConflictError(RefusedError):
    """The thing exists already, is busy, or has changed meanwhile."""


class RateLimitError(RefusedError):
    """More requests than this client may make."""


class ServerError(RefusedError):
    """The server failed; its log says why."""


class UnavailableError(ServerError):
    """The server cannot answer now; later it may."""


_KINDS: Mapping[int, type[RefusedError]] = {
    401: DeniedError,
    403: DeniedError,
    404: NotFoundError,
    409: ConflictError,
    429: RateLimitError,
    503: UnavailableError,
}


def check(response: Response) -> Response:
    """The response, which has been read; `RefusedError` where its status is 400 or more."""
    if response.status_code < 400:
        return response
    status = response.status_code
    told = _told(response)
    raise _KINDS.get(status, BadRequestError if status < 500 else ServerError)(
        str(told.get("code", f"http_{status}")),
        str(told.get("message", f"the server answered {status} {response.reason_phrase}")),
        response.headers.get("X-Request-Id"),
        status=status,
        detail=told.get("detail"),
        retry_after_s=_retry_after_s(response.headers.get("Retry-After")),
    )


def _told(response: Response) -> dict[str, object]:
    """The service's own words; none where something in between answered."""
    try:
        error = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return error if isinstance(error, dict) else {}


def _retry_after_s(value: str | None) -> float | None:
    """Seconds, from a number of them or a date (RFC 9110, 10.2.3)."""
    if value is None:
        return None
    try:
        return float(value) if value.isdecimal() else max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None
