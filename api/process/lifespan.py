"""From start-up to shutdown: open the workspace, load collections and run jobs in the background, close."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from anyio import to_thread
from fastapi import FastAPI

from api.observing.metrics import Metrics
from api.process.preload import preload
from api.service import Service
from api.settings import ApiSettings
from retrieval.settings import Settings

_log = logging.getLogger(__name__)


def lifespan_of(
    settings: Settings, api_settings: ApiSettings, metrics: Metrics
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """A lifespan that puts a `Service` into `app.state.service`.

    Requests are answered from the start; what they need and is not loaded yet, they wait for.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        service = await to_thread.run_sync(Service.open, settings, api_settings, metrics)
        app.state.service = service
        loading = asyncio.create_task(preload(service))
        loading.add_done_callback(_report)
        working = [asyncio.create_task(service.jobs.run())]
        if api_settings.maintenance:
            working.append(asyncio.create_task(service.upkeep.run()))
        try:
            yield
        finally:
            service.leaving.set()
            loading.cancel()
            await asyncio.wait([loading, *working])
            await to_thread.run_sync(service.close)
            gc.unfreeze()  # what api/process/preload.py froze, or it is told as leaked when the interpreter ends

    return lifespan


def _report(loading: asyncio.Task[None]) -> None:
    if not loading.cancelled() and (error := loading.exception()):
        _log.error("loading the collections failed; the service stays unready", exc_info=error)
