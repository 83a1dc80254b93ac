"""Several processes that serve one address: started together, replaced when one dies, and stopped together."""

from __future__ import annotations

import logging
import multiprocessing
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Event
from threading import Thread
from types import FrameType

from api.observing import logs
from api.settings import CORES, ApiSettings
from retrieval.settings import Settings

METRICS_DIR = "PROMETHEUS_MULTIPROC_DIR"
"""Where the processes leave what they count, so that any of them can tell it of all; prometheus_client reads it."""
LOOK_S = 0.2
_log = logging.getLogger(__name__)
_spawn = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class _Worker:
    process: SpawnProcess
    has_started: Event


class Supervisor:
    """Keeps `settings.workers` processes at work. The first one runs the jobs of all."""

    def __init__(self, settings: Settings, api_settings: ApiSettings, bound: socket.socket) -> None:
        self._settings = settings
        self._api_settings = api_settings
        self._bound = bound
        self._workers: list[_Worker] = []
        self._is_leaving = False

    def run(self, *, on_listening: Callable[[], None]) -> int:
        """Serve until SIGINT or SIGTERM; the exit code, 1 where a process could not start or did not finish."""
        logs.configure(self._api_settings.log_format)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._leave)
        folder = tempfile.mkdtemp(prefix="retrieval-metrics-")
        os.environ[METRICS_DIR] = folder
        try:
            self._workers = [self._start(number) for number in range(self._api_settings.workers)]
            if self._have_started():
                on_listening()
                self._keep()
            has_failed = not self._is_leaving
            return self._stop() or int(has_failed)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _start(self, number: int) -> _Worker:
        has_started = _spawn.Event()
        settings = self._api_settings.model_copy(update=_share(self._api_settings, number))
        process = _spawn.Process(target=_serve, args=(self._settings, settings, self._bound, has_started))
        process.start()
        return _Worker(process, has_started)

    def _have_started(self) -> bool:
        """Wait until all have, or one has died over it."""
        for worker in self._workers:
            while not worker.has_started.wait(LOOK_S):
                if self._is_leaving or not worker.process.is_alive():
                    return False
        return True

    def _keep(self) -> None:
        while not self._is_leaving:
            wait([worker.process.sentinel for worker in self._workers], LOOK_S)
            for number, worker in enumerate(self._workers):
                if worker.process.is_alive() or self._is_leaving:
                    continue
                if not worker.has_started.is_set():
                    _log.error("worker %d cannot start: leaving", number)
                    return
                _log.error("worker %d died with code %s: it is replaced", number, worker.process.exitcode)
                _forget_metrics(worker.process)
                self._workers[number] = self._start(number)

    def _stop(self) -> int:
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join()
        return int(any(worker.process.exitcode for worker in self._workers))

    def _leave(self, _number: int, _frame: FrameType | None) -> None:
        self._is_leaving = True


def _share(settings: ApiSettings, number: int) -> dict[str, object]:
    """What is another one's of the settings of one process, so that all of them together do as one would."""
    share: dict[str, object] = {} if number == 0 else {"job_workers": 0, "maintenance": False}
    if "encoder_threads" not in settings.model_fields_set:
        share["encoder_threads"] = max(1, CORES // settings.workers)
    if "text_lanes" not in settings.model_fields_set:
        share["text_lanes"] = min(settings.text_lanes, CORES // settings.workers or 1)
    return share


def _serve(settings: Settings, api_settings: ApiSettings, bound: socket.socket, has_started: Event) -> None:
    """The life of one process."""
    from api.app import create_app
    from api.process.serving import run

    Thread(target=_leave_with_parent, daemon=True).start()
    run(create_app(settings, api_settings), bound, api_settings, on_listening=has_started.set)


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _forget_metrics(process: SpawnProcess) -> None:
    """What a process that died was at counts no more; what it had counted does."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(process.pid)  # type: ignore[no-untyped-call]
