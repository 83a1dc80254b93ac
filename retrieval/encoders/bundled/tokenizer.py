"""A word-level tokenizer with a vocabulary of its own: small enough to read, and it never fails on an unknown word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.errors import ModelError

if TYPE_CHECKING:
    import torch

PAD, START, UNKNOWN, END = "<pad>", "<start>", "<unknown>", "<end>"
WORD = re.compile(r"[a-z]+|[0-9]+")


@dataclass(frozen=True)
class WordTokenizer:
    """Lower-cased words to ids: `<start> w1 … wn <end> <pad> …`.

    `tokens` is the whole vocabulary in the order of the ids: padding is 0 and `<end>` has the highest id, because
    open_clip's text tower pools at the highest id of a row (`pool_type="argmax"`). A word outside the vocabulary
    becomes `<unknown>`, which training has seen in the place of words.
    """

    tokens: tuple[str, ...]
    context_length: int
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        tokens = self.tokens
        if tokens[:3] != (PAD, START, UNKNOWN) or tokens[-1] != END or len(set(tokens)) != len(tokens):
            raise ModelError(f"not a vocabulary: expected {PAD}, {START}, {UNKNOWN}, words that differ, and {END}")
        object.__setattr__(self, "_ids", {token: i for i, token in enumerate(tokens)})

    @classmethod
    def of_words(cls, words: Iterable[str], *, context_length: int) -> WordTokenizer:
        """A tokenizer for these words (each `[a-z]+` or digits), sorted."""
        return cls((PAD, START, UNKNOWN, *sorted(set(words)), END), context_length)

    @classmethod
    def read(cls, path: Path, *, context_length: int) -> WordTokenizer:
        """The vocabulary of a text file, one token a line. Raises `ModelError` where it is none."""
        return cls(tuple(path.read_text(encoding="utf-8").split()), context_length)

    def text(self) -> str:
        """The vocabulary as `read` reads it."""
        return "\n".join(self.tokens) + "\n"

    @cached_property
    def unknown_id(self) -> int:
        """Id of a word outside the vocabulary."""
        return self._ids[UNKNOWN]

    @cached_property
    def first_word_id(self) -> int:
        """Lowest id of a word; words are the ids from here to that of `<end>`, exclusive."""
        return self._ids[UNKNOWN] + 1

    def encode(self, text: str) -> list[int]:
        """Ids of one text with its start and end, cut to the context length."""
        unknown = self.unknown_id
        words = [self._ids.get(word, unknown) for word in WORD.findall(text.lower())]
        return [self._ids[START], *words[: self.context_length - 2], self._ids[END]]

    def __call__(self, texts: str | Sequence[str]) -> torch.Tensor:
        """Texts -> int64 (n, context_length), padded with 0; an empty text is `<start> <end>`."""
        import torch

        rows = [self.encode(text) for text in ([texts] if isinstance(texts, str) else texts)]
        ids = torch.zeros(len(rows), self.context_length, dtype=torch.long)
        for row, values in zip(ids, rows, strict=True):
            row[: len(values)] = torch.tensor(values)
        return ids
