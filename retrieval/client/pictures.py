"""Pictures as they are handed to the client."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from retrieval.client.call import File

if TYPE_CHECKING:
    from PIL.Image import Image

Picture: TypeAlias = "str | PathLike[str] | bytes | Image"
"""A path of this machine, the bytes of an image file, or an image of Pillow."""

_PNG_MODES = ("1", "L", "LA", "P", "RGB", "RGBA")


def as_file(picture: Picture) -> File:
    """A name and the bytes of an image file; an image of Pillow becomes a PNG. `OSError` for a path without a file."""
    match picture:
        case bytes():
            return "image", picture
        case str() | PathLike():
            return Path(picture).name, Path(picture).read_bytes()
        case _:
            return "image.png", _png(picture)


def as_base64(picture: Picture) -> str:
    """The bytes of an image file in base64."""
    return b64encode(as_file(picture)[1]).decode()


def _png(image: Image) -> bytes:
    written = BytesIO()
    (image if image.mode in _PNG_MODES else image.convert("RGB")).save(written, "PNG")
    return written.getvalue()
