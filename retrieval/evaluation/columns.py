"""(query, document) pairs in columns: ids are numbered, rows are grouped by query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import InputError

IntArray: TypeAlias = NDArray[np.int64]
DocArray: TypeAlias = NDArray[np.int32]
Float64Array: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Rows of (query, document): those of query number i are `docs[starts[i]:starts[i + 1]]`.

    `query_ids` has each query once, in the order of its first appearance; `doc_ids` each document once, ascending by
    code point, so that documents compare by number as they do by id. `starts` is int64 (nq + 1,), `docs` int32 (n,).
    """

    query_ids: tuple[str, ...]
    doc_ids: tuple[str, ...]
    starts: IntArray
    docs: DocArray
    _numbers: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_numbers", {query_id: i for i, query_id in enumerate(self.query_ids)})

    def __len__(self) -> int:
        return len(self.docs)

    @property
    def queries(self) -> IntArray:
        """Number of the query of every row, ascending: int64 (n,)."""
        return np.repeat(np.arange(len(self.query_ids)), np.diff(self.starts))

    def rows(self, query_id: str) -> slice:
        """Where the rows of a query are; nowhere for one that is not here."""
        number = self._numbers.get(query_id)
        return slice(0, 0) if number is None else slice(int(self.starts[number]), int(self.starts[number + 1]))


def number_ids(ids: Sequence[str]) -> tuple[tuple[str, ...], IntArray]:
    """Each id once, in the order of first appearance, and the number of every given one: int64 (len(ids),)."""
    numbers = {text: number for number, text in enumerate(dict.fromkeys(ids))}
    return tuple(numbers), np.fromiter(map(numbers.__getitem__, ids), np.int64, len(ids))


def check_columns(query_ids: Sequence[str], doc_ids: Sequence[str], queries: IntArray, docs: IntArray) -> None:
    """Raise `InputError` unless the columns are of one length and their numbers within the ids."""
    if queries.ndim != 1 or queries.shape != docs.shape:
        raise InputError(f"columns of different shapes: {queries.shape} queries and {docs.shape} documents")
    for name, ids, numbers in (("query", query_ids, queries), ("document", doc_ids, docs)):
        low, high = int(numbers.min(initial=0)), int(numbers.max(initial=-1))
        if low < 0 or high >= len(ids):
            raise InputError(f"{name} numbers from {low} to {high}, but there are {len(ids):,} {name} ids")
    _check_each_once("query", sorted(query_ids))


def ascending_docs(doc_ids: Sequence[str], docs: IntArray) -> tuple[tuple[str, ...], DocArray]:
    """The documents that occur in `docs`, ascending by id, and `docs` renumbered accordingly."""
    occurs = np.zeros(len(doc_ids), np.bool_)
    occurs[docs] = True
    kept = sorted(np.flatnonzero(occurs).tolist(), key=doc_ids.__getitem__)
    ids = tuple(doc_ids[number] for number in kept)
    _check_each_once("document", ids)
    renumbered = np.zeros(len(doc_ids), np.int32)
    renumbered[kept] = np.arange(len(kept), dtype=np.int32)
    return ids, renumbered[docs]


def group_starts(queries: IntArray, count: int) -> IntArray:
    """Where each of `count` queries begins among rows that are sorted by query: int64 (count + 1,)."""
    return np.concatenate([[0], np.cumsum(np.bincount(queries, minlength=count))]).astype(np.int64)


def pair_keys(queries: IntArray, docs: NDArray[np.integer], documents: int) -> IntArray:
    """One number for each (query, document), ordered as the pairs are: int64 (n,)."""
    return queries.astype(np.int64) * documents + docs


def first_repeat(keys: IntArray) -> tuple[int, int] | None:
    """Rows of the earliest repetition of a key: where it stood first, and where it came again."""
    ordered = np.sort(keys)
    if not (ordered[1:] == ordered[:-1]).any():
        return None
    order = np.argsort(keys, kind="stable")
    again = np.flatnonzero(keys[order[1:]] == keys[order[:-1]])
    earliest = again[np.argmin(order[1:][again])]
    return int(order[earliest]), int(order[earliest + 1])


def check_pairs_once(pairs: Pairs) -> None:
    """Raise `InputError` if a document stands twice under one query."""
    repeat = first_repeat(pair_keys(pairs.queries, pairs.docs, len(pairs.doc_ids)))
    if repeat is not None:
        query_id, doc_id = pairs.query_ids[pairs.queries[repeat[0]]], pairs.doc_ids[pairs.docs[repeat[0]]]
        raise InputError(f"document {doc_id!r} is given twice for query {query_id!r}; keep one of the two")


def _check_each_once(what: str, ascending: Iterable[str]) -> None:
    for one, following in pairwise(ascending):
        if one == following:
            raise InputError(f"{what} id {one!r} is given twice; ids must be unique")
