"""What a run tells while it goes on, and the history that its curves are drawn from."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from retrieval.training.checkpoint import Position
from retrieval.training.config import TrainConfig


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands.

    `loss` is the mean since the last report, `images_per_second` and `eta` (seconds) are of this part of the run, and
    `recalls` are those of the last validation (empty before the first).
    """

    step: int
    steps: int
    loss: float
    learning_rate: float
    images_per_second: float
    eta: float
    recalls: dict[str, float]


class Meter:
    """Collects losses and recalls, and reports every `run.log_every` steps."""

    def __init__(self, config: TrainConfig, start: Position, report: Callable[[Progress], None]) -> None:
        self._config, self._start, self._report = config, start, report
        self._history = list(start.history)
        self._losses: list[float] = []
        self._began = time.monotonic()
        self._step, self._loss, self._rate = start.step, float("nan"), 0.0
        self.recalls: dict[str, float] = {}

    @property
    def position(self) -> Position:
        """Where the run stands, for the checkpoint."""
        seconds = self._start.seconds + time.monotonic() - self._began
        return Position(self._step, tuple(self._history), seconds)

    def stepped(self, step: int, loss: float, learning_rate: float) -> None:
        """Step number `step` (from 1) is done."""
        self._step, self._rate = step, learning_rate
        self._losses.append(loss)
        if step % self._config.run.log_every == 0 or step == self._config.optimiser.last_step:
            self._loss = sum(self._losses) / len(self._losses)
            self._losses.clear()
            self._history.append({"step": step, "loss": self._loss, "learning_rate": learning_rate})
            self._report(self._progress())

    def validated(self, recalls: dict[str, float]) -> None:
        """The model after the last step was judged."""
        self.recalls = recalls
        self._history.append({"step": self._step, **recalls})
        self._report(self._progress())

    def _progress(self) -> Progress:
        config = self._config.optimiser
        pace = (self._step - self._start.step) / max(time.monotonic() - self._began, 1e-9)
        return Progress(
            step=self._step,
            steps=config.last_step,
            loss=self._loss,
            learning_rate=self._rate,
            images_per_second=pace * config.batch_size,
            eta=(config.last_step - self._step) / max(pace, 1e-9),
            recalls=self.recalls,
        )
