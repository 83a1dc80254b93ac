"""Pictures that clients send, from their bytes or base64 to pixels."""

from __future__ import annotations

import binascii
import re

from retrieval.errors import InputError
from retrieval.images.decode import DecodeLimits, decoded
from retrieval.protocols import Encoder
from retrieval.types import PixelArray

_DATA_URL = re.compile(r"data:[\w.+/-]*;base64,")


def pixels_of(data: bytes | str, encoder: Encoder, limits: DecodeLimits) -> PixelArray:
    """What the encoder looks at, uint8 (s, s, 3), of a file's bytes or its base64 text.

    Raises:
        InputError: text that is not base64.
        ImageError: bytes that are not a picture, or one too large.
    """
    with decoded(picture_bytes(data), at_least=encoder.image_size, limits=limits) as image:
        return encoder.preprocess(image)


def picture_bytes(data: bytes | str) -> bytes:
    """A file's bytes, given as they are or in base64; `InputError` for text that is not base64."""
    return data if isinstance(data, bytes) else _from_base64(data)


def _from_base64(text: str) -> bytes:
    prefix = _DATA_URL.match(text)
    try:
        return binascii.a2b_base64(text[prefix.end() :] if prefix else text, strict_mode=True)
    except ValueError as error:  # not ASCII, or not base64
        raise InputError(f"the image is not base64: {error}") from None
