"""How far a measured recall may be trusted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000


def bootstrap_interval(
    hits: NDArray[np.bool_], owners: NDArray[np.int64], *, level: float = 0.95, seed: int = 0
) -> tuple[float, float]:
    """Percentile interval of the mean of `hits`, bool (n,), by resampling whole pictures (Efron & Tibshirani, 1993).

    `owners` int64 (n,) says which picture a hit belongs to: the captions of one picture are not independent.
    """
    pictures, number = np.unique(owners, return_inverse=True)
    found = np.bincount(number, weights=hits, minlength=len(pictures))
    asked = np.bincount(number, minlength=len(pictures))
    drawn = np.random.default_rng(seed).integers(len(pictures), size=(RESAMPLES, len(pictures)))
    means = found[drawn].sum(axis=1) / asked[drawn].sum(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
