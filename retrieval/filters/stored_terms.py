"""Dictionaries as arrays: how they are saved, and how they are read without making a string of each term at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from retrieval.filters.dictionary import Terms, Texts

Arrays: TypeAlias = Mapping[str, NDArray[Any]]

ENCODING = ("utf-8", "surrogatepass")


class StoredTexts(Sequence[str]):
    """Strings, one after the other in `text`, uint8 (bytes,) of UTF-8; `ends` int64 (n,) counts characters.

    They are decoded when one is first asked for, and then kept.
    """

    def __init__(self, text: NDArray[np.uint8], ends: NDArray[np.int64]) -> None:
        self._text = text
        self._ends = ends

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, code: int) -> str: ...

    @overload
    def __getitem__(self, code: slice) -> Sequence[str]: ...

    def __getitem__(self, code: int | slice) -> str | Sequence[str]:
        return self._values[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    @cached_property
    def _values(self) -> list[str]:
        text, ends = self._text.tobytes().decode(*ENCODING), self._ends.tolist()
        return [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]


class StoredCodes(Mapping[str, int]):
    """The code of each of some strings, looked up in a table that is made when first needed."""

    def __init__(self, texts: StoredTexts) -> None:
        self._texts = texts

    def __len__(self) -> int:
        return len(self._texts)

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __getitem__(self, text: str) -> int:
        return self._codes[text]

    @cached_property
    def _codes(self) -> dict[str, int]:
        return {text: code for code, text in enumerate(self._texts)}


def store_texts(terms: Texts) -> Arrays:
    """The arrays that `load_texts` makes the same terms of."""
    values = terms.values[: terms.size]
    text = "".join(values).encode(*ENCODING)
    ends = np.fromiter(accumulate(map(len, values)), np.int64, len(values))
    return {"text": np.frombuffer(text, np.uint8), "ends": ends, "leading": terms.leading}


def load_texts(arrays: Arrays) -> Texts:
    """Terms of what `store_texts` gave."""
    texts = StoredTexts(arrays["text"], arrays["ends"])
    return Texts(texts, StoredCodes(texts), len(texts), arrays["leading"])


def store_integers(terms: Terms[int]) -> Arrays:
    """The arrays that `load_integers` makes the same terms of: hexadecimal, which has no limit to its length."""
    text = " ".join(map(hex, terms.values[: terms.size]))
    return {"text": np.frombuffer(text.encode(), np.uint8)}


def load_integers(arrays: Arrays) -> Terms[int]:
    """Terms of what `store_integers` gave."""
    values = [int(word, 16) for word in arrays["text"].tobytes().decode().split()]
    return Terms(values, {value: code for code, value in enumerate(values)}, len(values))
