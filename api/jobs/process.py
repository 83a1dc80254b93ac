"""The service's side of a job's process: start it, follow it, ask it to stop, and kill it where it does not."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, Literal

from api.jobs.child import Order

LONGEST_LINE = 2**20
LEAVE_S = 5.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job's process ended."""

    state: Literal["cancelled", "done", "failed"]
    result: Mapping[str, Any] | None = None
    error: str | None = None


class JobProcess:
    """A job at work in a process of its own. It leaves when it loses its service, however that ends."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.progress: Mapping[str, Any] = {}
        self._process = process
        self._outcome: Outcome | None = None
        self._following = asyncio.create_task(self._follow())
        self._kill_at: float | None = None

    @classmethod
    async def start(cls, order: Order) -> JobProcess:
        """Start it in a session of its own, so that Ctrl-C in a terminal goes to the service only."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "api.jobs.child"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LONGEST_LINE,
            start_new_session=True,
        )
        self = cls(process)
        self._write(order.to_line())
        return self

    async def has_ended(self, *, within_s: float) -> bool:
        """Wait for the end, at most so long."""
        await asyncio.wait([self._following], timeout=within_s)
        return self._following.done()

    def stop(self, *, grace_s: float) -> None:
        """Ask it to stop where it can, and kill it once the grace time is over. To be called until it has ended."""
        if self._kill_at is None:
            self._kill_at = monotonic() + grace_s
            self._write(b"stop\n")
        elif monotonic() > self._kill_at:
            self._kill()

    async def close(self) -> None:
        """End it at once where it has not ended."""
        self._kill()
        await self._process.wait()

    async def outcome(self) -> Outcome:
        """How it ended, once it has; a process that was stopped and did not say how was cancelled."""
        await self._following
        try:
            code = await asyncio.wait_for(self._process.wait(), LEAVE_S)
        except TimeoutError:  # it has nothing left to do, and hangs on its way out
            await self.close()
            code = 0
        if self._outcome is not None:
            return self._outcome
        if self._kill_at is not None:
            return Outcome("cancelled")
        how = f"was killed by signal {-code}; perhaps it took too much memory" if code < 0 else f"left with code {code}"
        return Outcome("failed", error=f"the process of the job {how}")

    def _kill(self) -> None:
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()

    async def _follow(self) -> None:
        out = self._process.stdout
        while out is not None and self._outcome is None and (line := await out.readline()):
            self._take(json.loads(line))

    def _take(self, message: Mapping[str, Any]) -> None:
        match message:
            case {"progress": dict(progress)}:
                self.progress = progress
            case {"done": dict(result)}:
                self._outcome = Outcome("done", result=result)
            case {"failed": str(error)}:
                self._outcome = Outcome("failed", error=error)
            case {"cancelled": True}:
                self._outcome = Outcome("cancelled")

    def _write(self, line: bytes) -> None:
        if self._process.stdin is not None and not self._process.stdin.is_closing():  # it may have died just now
            self._process.stdin.write(line)
