"""What every encoder checks and cleans before a model sees it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from retrieval.errors import InputError
from retrieval.types import PixelArray


def clean(text: str, longest: int) -> str:
    """The text without characters that no encoding has (lone surrogates), cut to `longest` characters."""
    if len(text) > longest:
        text = " ".join(text[: 4 * longest].split())[:longest]
    return text.encode("utf-8", "replace").decode("utf-8")


def check_pixels(pixels: PixelArray, size: int) -> None:
    """`InputError` unless these are preprocessed pictures, uint8 (n, size, size, 3)."""
    if pixels.dtype != np.uint8 or pixels.shape[1:] != (size, size, 3):
        raise InputError(
            f"expected preprocessed pictures, uint8 (n, {size}, {size}, 3), not {pixels.dtype} {pixels.shape}"
        )


def check_texts(texts: Sequence[str]) -> None:
    """`InputError` for one string in the place of a sequence of them."""
    if isinstance(texts, str):
        raise InputError("encode_texts takes a sequence of texts, not one string: put it in a list")
