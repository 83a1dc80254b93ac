"""How far a figure may be trusted, and whether two runs differ by more than luck.

`clusters`, where a function takes them, number the group that each query belongs to, int64 (n,), 0 to groups - 1: the
five captions of one image are not five independent queries, so groups are resampled and swapped whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from retrieval.errors import InputError
from retrieval.evaluation.columns import Float64Array, IntArray
from retrieval.evaluation.measures import Summary

CELLS = 2**20
"""Most numbers in one block of resamples (8 MiB), so that memory does not grow with their count."""

EXACT_UP_TO = 16
"""Most differing queries (or clusters) for which every assignment of signs is enumerated: 2**16."""

TIE = 1e-9
"""Scores that differ by less are equal: what is left is rounding."""


@dataclass(frozen=True, slots=True)
class RandomisationTest:
    """`difference` of the means (first minus second), its two-sided `p_value` in (0, 1], and how that was found.

    `exact` says that all `assignments` were enumerated; else so many were drawn.
    """

    difference: float
    p_value: float
    exact: bool
    assignments: int


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Queries on which the first run is better, worse, and equal."""

    wins: int
    losses: int
    ties: int


def bootstrap_intervals(
    scores: Float64Array,
    summaries: Sequence[Summary],
    *,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
    clusters: IntArray | None = None,
) -> Float64Array:
    """Percentile bootstrap intervals: float64 (m, 2), low and high, for m columns of scores (n, m).

    The same resamples of the n queries (or of their clusters) serve every column; `summaries` says how each becomes one
    figure. Efron & Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13; for clusters, Field & Welsh, JRSS
    B 69, 2007. Raises `InputError` where there are no queries or the parameters make no sense.
    """
    _check_bootstrap(scores, level, resamples)
    groups = _groups(clusters, len(scores))
    figures = np.empty((resamples, scores.shape[1]))
    means = [column for column, summary in enumerate(summaries) if summary == "mean"]
    medians = [column for column, summary in enumerate(summaries) if summary == "median"]
    sums = np.stack([np.bincount(groups, scores[:, column]) for column in means], axis=1) if means else None
    sizes = np.bincount(groups).astype(np.float64)
    start = 0
    for counts in _resampled(len(sizes), resamples, seed, cells_each=len(scores)):
        block = slice(start, start + len(counts))
        if sums is not None:
            figures[block, means] = (counts @ sums) / (counts @ sizes)[:, None]
        for column in medians:
            figures[block, column] = _medians(scores[:, column], counts, groups)
        start = block.stop
    return np.quantile(figures, [(1 - level) / 2, (1 + level) / 2], axis=0).T


def randomisation_test(
    first: Float64Array,
    second: Float64Array,
    *,
    resamples: int = 10_000,
    seed: int = 0,
    clusters: IntArray | None = None,
) -> RandomisationTest:
    """Could the difference of two means be luck? Paired, two-sided randomisation test over scores (n,) of n queries.

    If the runs were alike, each query's two scores could be swapped; the p-value is the share of swaps that give a mean
    difference at least as large in size as the one seen. Fisher, "The Design of Experiments", 1935; Smucker, Allan &
    Carterette, CIKM 2007. All swaps are enumerated where at most `EXACT_UP_TO` queries (or clusters) differ; else
    p = (b + 1) / (resamples + 1), b of them as large (Phipson & Smyth, 2010): never 0. Raises `InputError`.
    """
    differences = _differences(first, second)
    shifts = np.bincount(_groups(clusters, len(differences)), differences).astype(np.float64, copy=False)
    shifts = shifts[np.abs(shifts) > TIE]  # swapping equal scores changes nothing
    observed = abs(shifts.sum()) - TIE
    exact = len(shifts) <= EXACT_UP_TO
    if exact:
        sums = _all_signed_sums(shifts)
        p_value = float(np.mean(np.abs(sums) >= observed))
    else:
        larger = sum(np.count_nonzero(np.abs(sums) >= observed) for sums in _signed_sums(shifts, resamples, seed))
        p_value = (larger + 1) / (resamples + 1)
    difference = float(differences.mean())
    return RandomisationTest(difference, p_value, exact, 2 ** len(shifts) if exact else resamples)


def outcomes(first: Float64Array, second: Float64Array, *, higher_is_better: bool = True) -> Outcomes:
    """Count the queries on which `first` (n,) is better than `second` (n,), worse and equal. Raises `InputError`."""
    gains = _differences(first, second) * (1 if higher_is_better else -1)
    wins, losses = int(np.sum(gains > TIE)), int(np.sum(gains < -TIE))
    return Outcomes(wins, losses, len(gains) - wins - losses)


def _check_bootstrap(scores: Float64Array, level: float, resamples: int) -> None:
    if not len(scores):
        raise InputError("no queries: there is nothing to resample")
    if not 0 < level < 1:
        raise InputError(f"a confidence level lies between 0 and 1, such as 0.95, not at {level}")
    if resamples < 1:
        raise InputError(f"{resamples} resamples are too few; take 1000")


def _groups(clusters: IntArray | None, queries: int) -> IntArray:
    if clusters is None:
        return np.arange(queries)
    if clusters.shape != (queries,):
        raise InputError(f"clusters of shape {clusters.shape} for {queries:,} queries; give one number for each")
    return np.unique(clusters, return_inverse=True)[1]


def _differences(first: Float64Array, second: Float64Array) -> Float64Array:
    if first.shape != second.shape or first.ndim != 1:
        raise InputError(f"scores of shapes {first.shape} and {second.shape} cannot be paired: judge the same queries")
    if not len(first):
        raise InputError("no queries: there is nothing to compare")
    return first - second


def _resampled(groups: int, resamples: int, seed: int, *, cells_each: int) -> Iterator[Float64Array]:
    """Blocks (b, groups) of how often each group is drawn, `resamples` rows in all."""
    random = np.random.default_rng(seed)
    size = max(1, CELLS // cells_each)
    for start in range(0, resamples, size):
        rows = min(size, resamples - start)
        drawn = random.integers(groups, size=(rows, groups)) + np.arange(rows)[:, None] * groups
        yield np.bincount(drawn.ravel(), minlength=rows * groups).reshape(rows, groups).astype(np.float64)


def _medians(scores: Float64Array, counts: Float64Array, groups: IntArray) -> Float64Array:
    """Median of the scores (n,), each as often as its group is drawn: (b,) for counts (b, groups)."""
    order = np.argsort(scores, kind="stable")
    reached = np.cumsum(counts[:, groups[order]], axis=1)
    total = reached[:, -1:]
    lower = np.argmax(reached >= np.floor((total + 1) / 2), axis=1)
    upper = np.argmax(reached >= np.floor(total / 2) + 1, axis=1)
    middle: Float64Array = (scores[order[lower]] + scores[order[upper]]) / 2
    return middle


def _all_signed_sums(shifts: Float64Array) -> Float64Array:
    sums = np.zeros(1)
    for shift in shifts:
        sums = np.concatenate([sums + shift, sums - shift])
    return sums


def _signed_sums(shifts: Float64Array, resamples: int, seed: int) -> Iterator[Float64Array]:
    random = np.random.default_rng(seed)
    width = -(-len(shifts) // 8)
    size = max(1, CELLS // len(shifts))
    for start in range(0, resamples, size):
        rows = min(size, resamples - start)
        packed = np.frombuffer(random.bytes(rows * width), np.uint8).reshape(rows, width)
        kept = np.unpackbits(packed, axis=1, count=len(shifts)).astype(np.float64)
        yield 2 * (kept @ shifts) - shifts.sum()
