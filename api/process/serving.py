"""Listening on an address until a signal says to stop."""

from __future__ import annotations

import errno
import ipaddress
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from types import FrameType

import uvicorn
from fastapi import FastAPI

from api.observing import logs
from api.settings import ApiSettings
from retrieval.errors import ConflictError, InputError

BACKLOG = 2048
KEEP_ALIVE_S = 75
"""Longer than clients and proxies keep idle connections (5 to 60 s): else one sends just when the server hangs up."""
CLOSING_S = 2.0
"""Beyond the grace time, for what does not depend on clients."""
ENDING_S = 0.5
"""For threads that have nothing to do any more, and have been told to end."""
_log = logging.getLogger(__name__)


def listen(host: str, port: int) -> socket.socket:
    """A bound socket, so that an address that cannot be had is known before anything is loaded.

    Raises:
        ConflictError: something else listens there.
        InputError: the host is not one of this machine's, or the port needs privileges.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise InputError(f"cannot listen on {host!r}: {_reason(error)}") from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise ConflictError(
                f"port {port} of {host} is taken: stop what listens there, or choose another one with --port"
            ) from error
        raise InputError(f"cannot listen on {host} port {port}: {_reason(error)}") from error
    return bound


def url_of(bound: socket.socket) -> str:
    """The address that browsers open."""
    host, port = bound.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def is_local(bound: socket.socket) -> bool:
    """Whether only this machine can connect."""
    return ipaddress.ip_address(bound.getsockname()[0]).is_loopback


def run(app: FastAPI, bound: socket.socket, settings: ApiSettings, *, on_listening: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM; then finish what runs, and return. What outlasts the grace time is killed."""
    logs.configure(settings.log_format)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,  # api/observing/requests.py has one
        lifespan="on",
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=settings.shutdown_grace_s,
        server_header=False,
    )
    signal.signal(signal.SIGTERM, _leave)  # uvicorn raises signals again when it has shut down
    with suppress(KeyboardInterrupt, SystemExit):
        _Server(config, on_listening, on_leaving=lambda: app.state.service.leaving.set()).run(sockets=[bound])
    _leave_threads()


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _leave_threads() -> None:
    """Everything is closed. What is still at work then loads a model, for nobody, and would be waited for."""
    others = [thread for thread in threading.enumerate() if thread is not threading.main_thread() and not thread.daemon]
    deadline = monotonic() + ENDING_S
    for thread in others:
        thread.join(max(0.0, deadline - monotonic()))
    if any(thread.is_alive() for thread in others):
        _log.info("a model was still being loaded")
        logging.shutdown()
        sys.stdout.flush()
        os._exit(0)


def _leave_unfinished() -> None:
    """A thread cannot be stopped from outside, and a model may take minutes to load. Everything stored is whole."""
    _log.warning("something is still at work after the grace time: leaving without it")
    os._exit(1)


class _Server(uvicorn.Server):
    def __init__(
        self, config: uvicorn.Config, on_listening: Callable[[], None], *, on_leaving: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._on_listening = on_listening
        self._on_leaving = on_leaving

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_listening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_leaving()  # before it waits for requests in flight, some of which end only now
        last = threading.Timer((self.config.timeout_graceful_shutdown or 0) + CLOSING_S, _leave_unfinished)
        last.daemon = True
        last.start()
        await super().shutdown(sockets)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
