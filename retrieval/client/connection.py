"""What both clients do with their HTTP client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import Parameter, Signature, signature
from typing import Any

import httpx2
from pydantic import TypeAdapter

from retrieval import __version__
from retrieval.client.errors import ClientError, NoAnswerError, StillRunningError, UnexpectedAnswerError
from retrieval.client.results import Job, JobUpdate

TIMEOUT_S = 30.0
LONGEST_SILENCE_S = 30.0
"""Events come at least every 15 seconds; after twice that, the connection is taken for dead."""
FIRST_LOOK_S, LONGEST_LOOK_S = 0.25, 5.0
"""Pauses between looks at a job that is waited for."""
_UPDATE = TypeAdapter(JobUpdate)


def options(url: str, key: str | None, timeout_s: float) -> dict[str, Any]:
    """How the HTTP clients are made."""
    headers = {"User-Agent": f"multimodal-retrieval/{__version__}"}
    return {
        "base_url": url,
        "timeout": timeout_s,
        "headers": headers if key is None else {**headers, "Authorization": f"Bearer {key}"},
    }


@contextmanager
def answered() -> Iterator[None]:
    """Around all that is sent: failures of the connection as `NoAnswerError`."""
    try:
        yield
    except httpx2.TimeoutException as error:
        raise NoAnswerError(
            "no_answer", "the server did not answer in time: try again, or with more timeout_s"
        ) from error
    except (httpx2.TransportError, httpx2.InvalidURL) as error:
        raise NoAnswerError("no_answer", f"the server cannot be reached: {error}") from error
    except (httpx2.DecodingError, httpx2.SSEError) as error:
        raise UnexpectedAnswerError("unexpected_answer", f"the answer cannot be read: {error}") from error


def update_of(event: httpx2.ServerSentEvent) -> JobUpdate:
    """What an event tells of a job."""
    try:
        return _UPDATE.validate_json(event.data)
    except ValueError as error:
        raise UnexpectedAnswerError("unexpected_answer", "an event is not what this client knows") from error


def broken_off() -> ClientError:
    """Events have ended before the job has, since the server is leaving."""
    return NoAnswerError("no_answer", "the server broke the events off")


def still_running(job: Job, timeout_s: float) -> StillRunningError:
    """A job was waited for long enough."""
    return StillRunningError("still_running", f"job {job.id} is still {job.state} after {timeout_s:g} s: it goes on")


def as_method_of(build: Callable[..., Any], method: Callable[..., Any]) -> None:
    """Give a method the documentation and the parameters of the function that makes its call."""
    method.__name__, method.__doc__ = build.__name__, build.__doc__
    own = Parameter("self", Parameter.POSITIONAL_ONLY)
    method.__signature__ = Signature([own, *signature(build).parameters.values()])  # type: ignore[attr-defined]
