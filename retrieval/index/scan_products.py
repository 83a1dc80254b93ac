"""Scores of many queries with byte codes at once, as products of bfloat16 matrices, where the processor has those.

Codes are exact in bfloat16. The queries are not, and the products come rounded to bfloat16: both errors are bounded
and go into the bounds of the candidates. To leave the sorting of all scores undone, only the best of each GROUP of
neighbouring rows is looked at.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from retrieval.index.scan_codes import ZERO, Candidates, ScanCodes
from retrieval.rowset import RowSet
from retrieval.types import BoolArray, FloatArray

GROUP = 8
BLOCK = 4_096  # rows multiplied at a time: they and the scores of 1,000 queries stay in the third-level cache
ROUNDING = 2.0**-8  # of a value stored in bfloat16, relative
NEVER = float("-inf")


def is_fast() -> bool:
    """Whether the processor multiplies bfloat16 in instructions of its own (AVX-512 BF16 or AMX)."""
    has = torch.cpu.get_capabilities()
    return bool(has.get("avx512_bf16") or has.get("amx_bf16"))


@torch.inference_mode()
def best_groups(codes: ScanCodes, queries: FloatArray, *, count: int, allowed: RowSet | None = None) -> Candidates:
    """The `count` groups of rows with the highest scores by codes for each query, float32 (nq, dim)."""
    rounded = torch.from_numpy(codes.scaled(queries)).bfloat16()
    maxima = _group_maxima(codes, rounded, None if allowed is None else allowed.mask)
    best = torch.topk(maxima, min(count + 1, maxima.shape[1]))
    scores = best.values.float().numpy()
    stored = ROUNDING * np.where(np.isneginf(scores), 0, np.abs(scores))
    moved = codes.rounding_error(queries, rounded.float().numpy())
    upper = codes.bounded(queries, scores, error=moved + stored)
    rest = upper[:, count] if count < maxima.shape[1] else np.full(len(queries), -np.inf)
    return Candidates(best.indices[:, :count].numpy(), GROUP, upper[:, :count], rest)


def _group_maxima(codes: ScanCodes, queries: torch.Tensor, allowed: BoolArray | None) -> torch.Tensor:
    """The best score in each group of GROUP rows, bfloat16 (nq, groups), -inf where no row is allowed."""
    rows, dim = codes.bytes.shape
    maxima = torch.empty(len(queries), -(-rows // GROUP), dtype=torch.bfloat16)
    buffer = torch.empty(BLOCK, dim, dtype=torch.bfloat16)  # fresh pages cost more than what is written to them
    for start in range(0, rows, BLOCK):
        block, bias = _block(codes, start, allowed, buffer)
        scores = functional.linear(queries, block, bias)
        groups = len(block) // GROUP
        first = start // GROUP
        torch.amax(scores.view(len(queries), GROUP, groups), 1, out=maxima[:, first : first + groups])
    return maxima


def _block(
    codes: ScanCodes, start: int, allowed: BoolArray | None, buffer: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Rows `start` to `start + BLOCK`, the first rows of all groups first, then the second, and so on.

    In that order the maximum over a group is one of whole vectors. With them comes what to add to their scores: -inf
    for rows that are not allowed, and for those that fill the last group up.
    """
    taken = torch.from_numpy(codes.bytes[start : start + BLOCK])
    missing = -len(taken) % GROUP
    taken = functional.pad(taken, (0, 0, 0, missing)) if missing else taken
    groups, dim = len(taken) // GROUP, taken.shape[1]
    block = buffer[: len(taken)]
    block.view(GROUP, groups, dim).copy_(taken.view(groups, GROUP, dim).transpose(0, 1))
    block.sub_(ZERO)
    if allowed is None and not missing:
        return block, None
    kept = np.zeros(len(taken), np.bool_)
    kept[: len(taken) - missing] = True if allowed is None else allowed[start : start + BLOCK]
    by_place = torch.from_numpy(kept.reshape(groups, GROUP).T.ravel())
    return block, torch.zeros(len(taken), dtype=torch.bfloat16).masked_fill_(~by_place, NEVER)
