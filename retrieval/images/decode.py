"""Bytes to upright RGB pixels, or an `ImageError` with a stable reason.

Reasons: `empty`, `unsupported-format`, `too-large` (bytes, pixels or memory), `extreme-aspect`, `truncated`,
`corrupt`. No global state of Pillow is read or changed, so any number of threads may decode.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import numpy as np
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from retrieval.errors import ImageError, InputError
from retrieval.images.formats import FormatName, identify, is_cut_short
from retrieval.images.modes import exif_orientation, is_sideways, rotated_upright, to_rgb
from retrieval.images.room import PixelRoom
from retrieval.types import DecodedImage


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """What is refused before anything is decoded.

    `max_aspect` is the longer side over the shorter one: past it a centre crop sees next to nothing of a picture, and
    resizing the shorter side to a few hundred pixels makes the longer one huge. Pictures that are decoded under the
    same `room` share it.
    """

    max_bytes: int = 256 * 2**20
    max_pixels: int = 100_000_000
    max_aspect: float = 100.0
    room: PixelRoom | None = None


DEFAULT_LIMITS = DecodeLimits()


def _openers() -> dict[FormatName, type[ImageFile.ImageFile]]:
    """The reader of each format. They are called directly: `Image.open` tries every plugin, asks process-wide limits
    and only warns about decompression bombs."""
    openers: dict[FormatName, type[ImageFile.ImageFile]] = {
        "JPEG": JpegImagePlugin.JpegImageFile,
        "PNG": PngImagePlugin.PngImageFile,
        "GIF": GifImagePlugin.GifImageFile,
        "BMP": BmpImagePlugin.BmpImageFile,
        "TIFF": TiffImagePlugin.TiffImageFile,
    }
    if WebPImagePlugin.SUPPORTED:
        openers["WebP"] = WebPImagePlugin.WebPImageFile
    if AvifImagePlugin.SUPPORTED:
        openers["AVIF"] = AvifImagePlugin.AvifImageFile
    return openers


_OPENERS = _openers()
SUPPORTED_FORMATS: tuple[FormatName, ...] = tuple(_OPENERS)


def decode(data: bytes, *, at_least: int | None = None, limits: DecodeLimits = DEFAULT_LIMITS) -> DecodedImage:
    """Decode one image file; of an animation or a multi-page file, the first frame.

    With `at_least`, JPEGs are scaled while decoding (by 2, 4 or 8), as long as the shorter side keeps twice as many
    pixels: a quarter of the time for photographs, and no visible difference after resizing to `at_least`. The result's
    `width` and `height` are always those of the whole picture, upright.

    Raises `ImageError` for everything that is wrong with `data`.
    """
    if at_least is not None and at_least < 1:
        raise InputError(f"at_least must be 1 or more, not {at_least}")
    name = _checked_format(data, limits)
    try:
        return _decode(_OPENERS[name](io.BytesIO(data)), at_least, limits)
    except ImageError:
        raise
    except Exception as error:  # Pillow's readers leak TypeError, struct.error and more on damaged files
        raise _image_error(name, error) from error


@contextmanager
def decoded(
    data: bytes, *, at_least: int | None = None, limits: DecodeLimits = DEFAULT_LIMITS
) -> Iterator[DecodedImage]:
    """The same for the block, for which the picture holds its place in the limits' room."""
    with limits.room.taken(_pixels_in(data, limits)) if limits.room else nullcontext():
        yield decode(data, at_least=at_least, limits=limits)


def _pixels_in(data: bytes, limits: DecodeLimits) -> int:
    """What the file's header says; 0 where it says nothing, for it will not be decoded."""
    try:
        width, height = _OPENERS[_checked_format(data, limits)](io.BytesIO(data)).size
    except Exception:  # noqa: BLE001  decoding tells what is wrong
        return 0
    return width * height


def _checked_format(data: bytes, limits: DecodeLimits) -> FormatName:
    if not data:
        raise ImageError("empty", "the file is empty: send one that has a picture")
    if len(data) > limits.max_bytes:
        raise ImageError(
            "too-large", f"the file has {len(data):,} bytes: make it smaller, at most {limits.max_bytes:,}"
        )
    name = identify(data)
    if name is None or name not in _OPENERS:
        found = f"{name} images cannot be decoded" if name else "not an image"
        raise ImageError("unsupported-format", f"{found} (read are {', '.join(SUPPORTED_FORMATS)}); convert it to JPEG")
    if is_cut_short(data, name):
        raise ImageError("truncated", f"the {name} file ends before its picture does: copy it again")
    return name


def _decode(image: ImageFile.ImageFile, at_least: int | None, limits: DecodeLimits) -> DecodedImage:
    width, height = image.size
    _check_size(width, height, limits)
    if at_least is not None and isinstance(image, JpegImagePlugin.JpegImageFile):
        image.draft(None, (2 * at_least, 2 * at_least))
    image.load()
    # Reading a TIFF turns it upright already.
    orientation = 1 if isinstance(image, TiffImagePlugin.TiffImageFile) else exif_orientation(image)
    if is_sideways(orientation):
        width, height = height, width
    upright = rotated_upright(to_rgb(image), orientation)
    return DecodedImage(pixels=np.asarray(upright), width=width, height=height)


def _check_size(width: int, height: int, limits: DecodeLimits) -> None:
    if width * height > limits.max_pixels:
        raise ImageError("too-large", f"{width}x{height} pixels: scale it down, to {limits.max_pixels:,} in all")
    if max(width, height) > limits.max_aspect * min(width, height):
        raise ImageError(
            "extreme-aspect", f"{width}x{height} pixels, one side over {limits.max_aspect:g} times the other: crop it"
        )


def _image_error(name: FormatName, error: Exception) -> ImageError:
    text = " ".join(str(error).split())[:200] or type(error).__name__
    if isinstance(error, MemoryError | Image.DecompressionBombError | Image.DecompressionBombWarning):
        return ImageError("too-large", f"the {name} file needs too much memory: scale it down ({text})")
    if isinstance(error, EOFError) or "truncated" in text.lower():
        return ImageError("truncated", f"the {name} file ends before its picture does: copy it again ({text})")
    return ImageError("corrupt", f"the {name} file is damaged: save the picture anew ({text})")
