"""Small copies of pictures, for pages."""

from __future__ import annotations

import io
from typing import Literal, TypeAlias

from PIL import Image

from retrieval.errors import InputError
from retrieval.images.decode import decode
from retrieval.types import DecodedImage

ThumbnailFormat: TypeAlias = Literal["webp", "jpeg"]
MAX_SIDE = 2048
_QUALITY = 80


def thumbnail(image: DecodedImage | bytes, *, side: int, format: ThumbnailFormat = "webp") -> bytes:  # noqa: A002
    """Encode a copy that fits into `side` x `side` pixels, whole and in proportion, without metadata.

    A smaller picture keeps its size. Raises `InputError` for a side outside 1..2048, `ImageError` for bytes that are no
    image.
    """
    if not 1 <= side <= MAX_SIDE:
        raise InputError(f"the side of a thumbnail must be between 1 and {MAX_SIDE} pixels, not {side}")
    if isinstance(image, bytes):
        image = decode(image, at_least=side)
    size = _fitted(image.width, image.height, side)
    small = Image.fromarray(image.pixels).resize(size, Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, format.upper(), quality=_QUALITY)
    return buffer.getvalue()


def _fitted(width: int, height: int, side: int) -> tuple[int, int]:
    scale = min(1.0, side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))
