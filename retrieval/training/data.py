"""Batches of pictures with one caption each: a function of the step alone, so that a resumed run sees the same ones."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from retrieval.types import PixelArray

Batch: TypeAlias = tuple[PixelArray, list[str]]
PREFETCHED = 8


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture, uint8 (s, s, 3), with all of its captions."""

    pixels: PixelArray
    captions: tuple[str, ...]


class Pairs(Protocol):
    """Where a run's pictures and captions come from."""

    def batch(self, step: int) -> Batch:
        """Batch number `step` (from 0): pixels uint8 (n, s, s, 3) and n captions; the same at every call."""

    def held_out(self) -> Sequence[Labelled]:
        """Pictures that `batch` never gives, for validation."""


def batches(pairs: Pairs, *, start: int, stop: int, workers: int) -> Iterator[tuple[torch.Tensor, list[str]]]:
    """Batches `start` to `stop` (exclusive) in order, made ahead of time by worker processes (0: made here)."""
    loader: DataLoader[Batch] = DataLoader(
        _Steps(pairs, stop),
        batch_size=None,
        sampler=range(start, stop),
        num_workers=workers,
        prefetch_factor=max(1, PREFETCHED // workers) if workers else None,
        worker_init_fn=_end_with_parent,
    )
    for pixels, texts in loader:
        yield torch.as_tensor(pixels), list(texts)


def draw_caption(captions: Sequence[str], weights: Sequence[float], rng: np.random.Generator) -> str:
    """One of the captions, as often as its weight says; those beyond the weights have weight 1."""
    if not weights:
        return captions[int(rng.integers(len(captions)))]
    chances = np.ones(len(captions))
    known = min(len(weights), len(captions))
    chances[:known] = weights[:known]
    return captions[int(rng.choice(len(captions), p=chances / chances.sum()))]


def generator(*key: int) -> np.random.Generator:
    """A random generator that depends on the key alone."""
    return np.random.default_rng(key)


def _end_with_parent(_worker: int) -> None:
    """End this worker when the run is killed: torch's own watch misses it while a full pipe blocks the worker."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@dataclass(frozen=True)
class _Steps(Dataset[Batch]):
    """Pairs as torch's loader wants them: one item a step."""

    pairs: Pairs
    stop: int

    def __len__(self) -> int:
        return self.stop

    def __getitem__(self, step: int) -> Batch:
        return self.pairs.batch(step)
