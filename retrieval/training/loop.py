"""The training loop: symmetric InfoNCE over a stream of pairs (CLIP: Radford et al., 2021)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from retrieval.errors import InputError
from retrieval.protocols import CatalogSource
from retrieval.training import checkpoint
from retrieval.training.checkpoint import CHECKPOINT_FILE, Position
from retrieval.training.config import TrainConfig
from retrieval.training.curves import write_curves
from retrieval.training.data import batches
from retrieval.training.export import write_bundle
from retrieval.training.model import build
from retrieval.training.pairs import pairs_of
from retrieval.training.progress import Meter, Progress
from retrieval.training.step import Learner
from retrieval.training.validation import validate


@dataclass(frozen=True, slots=True)
class TrainResult:
    """A finished run: `folder` holds the bundle, the curves and the last checkpoint; `seconds` over all its parts."""

    folder: Path
    steps: int
    seconds: float
    recalls: dict[str, float]


def train(
    config: TrainConfig,
    *,
    out: Path,
    source: CatalogSource | None = None,
    fresh: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
) -> TrainResult:
    """Train a model and write it to `out`; go on from the checkpoint there, unless `fresh`.

    `source` is the catalogue to learn from where the config does not name the demo world. A run that was killed and
    resumed ends with the weights of one that was not. Raises `InputError`, `SourceError`, `ModelError`,
    `ConflictError` and `CorruptionError` before the first step, and `StorageError` when the disk is full: the last
    checkpoint is then intact.
    """
    with torch.random.fork_rng(devices=[]), _threads(config.run.threads):
        torch.manual_seed(config.run.seed)
        tower = build(config.model, device=_device(config.run.device))
        pairs = pairs_of(config, source, preprocess=tower.preprocess)
        learner = Learner(tower, config)
        resumed = (out / CHECKPOINT_FILE).exists() and not fresh
        start = checkpoint.resume(out, config, tower.model, learner.optimiser) if resumed else Position()
        held_out = pairs.held_out()
        meter = Meter(config, start, on_progress or (lambda _: None))

        def judge() -> None:
            ranks = validate(tower, held_out, whole=config.validation.whole, precision=config.run.precision)
            meter.validated(ranks.recalls())
            write_curves(out, meter.position.history)

        def keep() -> None:
            checkpoint.save(out, config, tower.model, learner.optimiser, meter.position)

        last = config.optimiser.last_step
        stream = batches(pairs, start=start.step, stop=last, workers=config.data.workers)
        for step, (pixels, texts) in enumerate(stream, start.step):
            loss, learning_rate = learner.step(step, pixels, texts)
            meter.stepped(step + 1, loss, learning_rate)
            if (step + 1) % config.validation.every == 0 and step + 1 < last:
                judge()
            if (step + 1) % config.run.checkpoint_every == 0 and step + 1 < last:
                keep()
        judge()
        keep()
        write_bundle(out, tower, architecture=config.model.architecture)
    return TrainResult(out, last, meter.position.seconds, meter.recalls)


def _device(name: str) -> torch.device:
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"run.device = {name!r} is not to be had here: {error}") from error
    return device


@contextmanager
def _threads(number: int) -> Iterator[None]:
    """Torch on so many threads (0: as it is) for a while."""
    before = torch.get_num_threads()
    torch.set_num_threads(number or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
