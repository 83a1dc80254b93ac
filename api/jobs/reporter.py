"""How far a job is, from the work to whoever follows it; and from them, that it should stop."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from threading import Event
from time import monotonic
from typing import Any

from retrieval.types import VectorKind

BETWEEN_S = 0.25  # reports, of which there could be thousands a second
WINDOW_S = 20.0


class StoppedError(Exception):
    """Raised out of a report by a job that is to stop."""


class Reporter:
    """Passes progress on, a few times a second, and raises `StoppedError`, once, when the job is to stop."""

    def __init__(self, send: Callable[[Mapping[str, Any]], None], stop: Event) -> None:
        self._send = send
        self._stop = stop
        self._pace = Pace()
        self._stage = ""
        self._sent_at = 0.0
        self._waiting: Mapping[str, Any] | None = None

    def __call__(
        self,
        stage: str,
        done: int,
        total: int | None = None,
        *,
        rejected: int = 0,
        reasons: Mapping[str, int] | None = None,
    ) -> None:
        """Say what the job is at. Raises `StoppedError` where it is to stop."""
        now = monotonic()
        if stage != self._stage:
            self._stage, self._pace, self._sent_at = stage, Pace(), 0.0
        rate = self._pace.after(now, done)
        self._waiting = {
            "stage": stage,
            "done": done,
            "total": total,
            "rate": round(rate, 2) if rate else None,
            "eta_s": round((total - done) / rate, 1) if rate and total is not None else None,
            "rejected": rejected,
            "reasons": dict(reasons or {}),
        }
        if now - self._sent_at >= BETWEEN_S:
            self._sent_at = now
            self.flush()
        if self._stop.is_set():
            self._stop.clear()  # once: what cleans up on the way out may report as well
            raise StoppedError("stopped")

    def on_build(self, kind: VectorKind, done: int, total: int) -> None:
        """The same of a graph that is built, as the writer tells it (`retrieval.building.OnBuild`)."""
        self(f"linking {kind} vectors", done, total)

    def flush(self) -> None:
        """Send what has been held back."""
        if self._waiting is not None:
            self._send(self._waiting)
            self._waiting = None


class Pace:
    """Steps a second of late: over the last 20 seconds, so that skipping what is done already is soon forgotten."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def after(self, now: float, done: int) -> float | None:
        """The rate once `done` steps are done at the time `now`, in seconds; None before there is one."""
        if not self._seen or now - self._seen[-1][0] >= BETWEEN_S:
            self._seen.append((now, done))
        while now - self._seen[0][0] > WINDOW_S and len(self._seen) > 1:
            self._seen.popleft()
        since, earlier = self._seen[0]
        return (done - earlier) / (now - since) if now > since and done > earlier else None
