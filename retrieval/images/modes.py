"""Every pixel mode to plain RGB: transparent on white, deep grey rescaled, camera rotation undone."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from retrieval.types import PixelArray

_ROTATIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
UPRIGHT = 1
_SIDEWAYS = frozenset({5, 6, 7, 8})


def to_rgb(image: Image.Image) -> Image.Image:
    """RGB pixels of a loaded image. Colour profiles are not applied, as in the training data of CLIP models."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return Image.fromarray(to_eight_bits(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        return _on_white(image)
    return image if image.mode == "RGB" else image.convert("RGB")


def to_eight_bits(values: NDArray[np.generic]) -> PixelArray:
    """Grey values (h, w) of any depth to uint8 of the same shape.

    16-bit unsigned values are scaled from 0..65535. Other depths declare no range, so the smallest of 0..1 (floats),
    0..255 and 0..65535 that holds the values is taken, and where none does, their own range is stretched. Values that
    are not finite turn black.
    """
    if values.dtype.kind == "u":
        return _scaled(values, 0.0, 65535.0)
    finite = np.where(np.isfinite(values), values, 0.0).astype(np.float32) if values.dtype.kind == "f" else values
    low, high = float(finite.min()), float(finite.max())
    full_scales = (1.0, 255.0, 65535.0) if values.dtype.kind == "f" else (255.0, 65535.0)
    if low >= 0.0 and high <= full_scales[-1]:
        low, high = 0.0, next(scale for scale in full_scales if high <= scale)
    return _scaled(finite, low, high)


def exif_orientation(image: Image.Image) -> int:
    """EXIF orientation, 1 (upright) to 8; 1 where there is none or only the metadata is damaged."""
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, UPRIGHT)
    except (ValueError, TypeError, KeyError, IndexError, OSError, SyntaxError, OverflowError, struct.error):
        return UPRIGHT
    return value if isinstance(value, int) and value in _ROTATIONS else UPRIGHT


def is_sideways(orientation: int) -> bool:
    """Whether undoing `orientation` swaps width and height."""
    return orientation in _SIDEWAYS


def rotated_upright(image: Image.Image, orientation: int) -> Image.Image:
    """The image as it was seen by the photographer."""
    return image.transpose(_ROTATIONS[orientation]) if orientation in _ROTATIONS else image


def _on_white(image: Image.Image) -> Image.Image:
    layer = image.convert("RGBA")
    canvas = Image.new("RGB", layer.size, "white")
    canvas.paste(layer, mask=layer.getchannel("A"))
    return canvas


def _scaled(values: NDArray[np.generic], low: float, high: float) -> PixelArray:
    span = (high - low) or 1.0
    unit = (values.astype(np.float32) - np.float32(low)) / np.float32(span)
    pixels: PixelArray = np.rint(unit * 255.0).clip(0, 255).astype(np.uint8)
    return pixels
