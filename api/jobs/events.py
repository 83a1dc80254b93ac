"""A job's progress as server-sent events (WHATWG HTML, 9.2), read from the database, whichever process does the job."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from time import monotonic

from api.jobs.adapters import event_body
from api.wire.responses import to_json
from retrieval.errors import RetrievalError
from retrieval.metadata.jobs import JobInfo

LOOK_S = 0.5
PING_S = 15.0  # proxies hang up on a connection that is silent for a minute or so


async def events(
    job: JobInfo, look: Callable[[], Awaitable[JobInfo]], *, leaving: asyncio.Event
) -> AsyncIterator[bytes]:
    """`progress` whenever the job has changed, a comment where it has not for long, `end` once it has ended.

    Ends without an `end` where the service leaves or its database fails; the client asks again then.
    """
    shown, written_at = b"", monotonic()
    while True:
        body = to_json(event_body(job))
        if body != shown or job.has_ended:
            shown, written_at = body, monotonic()
            yield b"event: %s\ndata: %s\n\n" % (b"end" if job.has_ended else b"progress", body)
        elif monotonic() - written_at >= PING_S:
            written_at = monotonic()
            yield b": ping\n\n"
        if job.has_ended:
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(leaving.wait(), LOOK_S)
        if leaving.is_set():
            return
        try:
            job = await look()
        except RetrievalError:
            return
