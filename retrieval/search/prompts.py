"""Texts made of attribute values, which stand for queries where there are neither captions nor queries of people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from sqlalchemy import Connection

from retrieval.index.generation import GenerationView
from retrieval.metadata import scans
from retrieval.protocols import Encoder
from retrieval.types import AttributeValue, BoolArray, FloatArray

TEMPLATE = "a photo of a {}"
MOST = 1_000
LONGEST = 60
"""Characters of a value beyond which it is a description, and no name of a kind."""
HELD_OUT = 4


@dataclass(frozen=True, slots=True, eq=False)
class Prompts:
    """Texts and their vectors, float32 (n, dim)."""

    texts: tuple[str, ...]
    vectors: FloatArray

    @classmethod
    def embedded(cls, texts: list[str], encoder: Encoder) -> Prompts:
        """Embed some texts, at least one."""
        return cls(tuple(texts), encoder.encode_texts(texts))

    @property
    def held_out(self) -> BoolArray:
        """Which are kept for measuring, bool (n,): one in HELD_OUT, told by its words, so that it stays so."""
        return np.array([crc32(text.encode()) % HELD_OUT == 0 for text in self.texts], np.bool_)


def attribute_prompts(connection: Connection, collection_id: int, view: GenerationView) -> list[str]:
    """`a photo of a VALUE` for values that two documents or more have: names of kinds, rather than of single things.

    At most MOST, those that most documents have, in the order of the alphabet; underscores are read as blanks.
    """
    live = view.keys("image")
    counts: Counter[str] = Counter()
    for keys, rows in scans.attributes_after(connection, collection_id, 0):
        for attributes, is_live in zip(rows, np.isin(keys, live).tolist(), strict=True):
            if is_live:
                counts.update({name for value in attributes.values() for name in _names(value)})
    shared = sorted((name for name, count in counts.items() if count > 1), key=lambda name: (-counts[name], name))
    return [TEMPLATE.replace("{}", name) for name in sorted(shared[:MOST])]


def _names(value: AttributeValue) -> Iterator[str]:
    for text in value if isinstance(value, list) else [value]:
        if isinstance(text, str) and len(text) <= LONGEST and any(map(str.isalpha, text)):
            yield text.replace("_", " ").strip()
