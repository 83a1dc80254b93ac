"""Fixed pictures and sentences to try a model on at load: made by formula, so there is nothing to ship or fetch."""

from __future__ import annotations

import numpy as np

from retrieval.types import PixelArray

TEXTS = (
    "a red dress",
    "two dogs",
    "a man riding a horse on the beach at sunset, photographed from behind",
    "black leather handbag with a gold buckle",
    "the word SALE printed on a blue sign, 50% off!",
)
"""Few, because a slow machine runs them at every start; the shortest first."""


def pictures(size: int, count: int = 4) -> PixelArray:
    """Pictures that differ in colour, direction and scale: uint8 (count, size, size, 3), the same on every call."""
    rng = np.random.default_rng(20240229)
    y, x = np.mgrid[0:size, 0:size] / size
    waves = []
    for i in range(count):
        direction, frequency, phase = rng.uniform(-1, 1, (3, 2)), rng.uniform(1, 12, 3), rng.uniform(0, 6, 3)
        angle = 2 * np.pi * frequency * (direction[:, 0] * x[..., None] + direction[:, 1] * y[..., None]) + phase
        wave = rng.uniform(32, 160, 3) + 64 * np.sin(angle)
        tiles = rng.uniform(0, 255, (4, 4, 3))[(4 * y).astype(int), (4 * x).astype(int)]
        waves.append((wave + tiles) / 2 if i % 2 else wave)
    return np.asarray(np.clip(np.stack(waves), 0, 255), np.uint8)
