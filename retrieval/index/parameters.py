"""The ranges of what an index is built and searched with."""

from __future__ import annotations

from retrieval.certificate import LEAST_TARGET, MOST_TARGET
from retrieval.errors import InputError
from retrieval.index.storage import AUTO, parse_storage
from retrieval.types import IndexParams


def check_index_params(index: IndexParams, dim: int) -> None:
    """`InputError` where a parameter is out of its range, for vectors of `dim` dimensions."""
    hnsw = index.hnsw
    if not (4 <= hnsw.m <= 128 and 8 <= hnsw.ef_construction <= 4096 and 1 <= index.ef_search <= 100_000):
        raise InputError("m must be in 4..128, ef_construction in 8..4096, ef_search in 1..100,000")
    if index.target_recall is not None and not LEAST_TARGET <= index.target_recall <= MOST_TARGET:
        raise InputError(f"target_recall must be in {LEAST_TARGET}..{MOST_TARGET}")
    if index.storage != AUTO:
        parse_storage(index.storage, dim)
