"""Loading collections and their models at start, beside the requests."""

from __future__ import annotations

import gc
import logging

import anyio

from api.process.readiness import LoadState
from api.service import Service
from retrieval.errors import RetrievalError

RETRY_S = 30.0
_log = logging.getLogger(__name__)


async def preload(service: Service) -> None:
    """Load the configured collections, by default all, until each is; one that fails is tried again every 30 s."""
    while True:
        try:
            wanted = list(service.settings.collections) or await service.workers.run(_names, service)
        except RetrievalError as error:
            _log.warning("cannot list the collections, trying again in %g s: %s", RETRY_S, error)
        else:
            for name in service.readiness.expect(wanted):
                service.readiness.note(name, await _try_to_load(service, name))
            if service.readiness.is_ready:
                _leave_out_of_collections()
                return
        await anyio.sleep(RETRY_S)


def _leave_out_of_collections() -> None:
    """What is loaded by now stays: to look through it for garbage again and again stops every request for long."""
    gc.collect()
    gc.freeze()


def _names(service: Service) -> list[str]:
    return [info.name for info in service.workspace.collections()]


async def _try_to_load(service: Service, name: str) -> LoadState:
    try:
        opened = await service.opened(name)
        if not opened.collection.info.spec.is_external:
            opened = await service.opened_with_encoder(name)
            await service.workers.encode_texts(opened.collection.encoder.encode_texts, ["the first text takes longest"])
        await service.workers.run(opened.collection.views.latest)
    except RetrievalError as error:
        _log.warning("cannot load collection %r, trying again in %g s: %s", name, RETRY_S, error)
        return "failed"
    _log.info("loaded collection %r", name)
    return "ready"
