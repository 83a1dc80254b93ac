"""From a decoded picture to the square of pixels that a model looks at, as open_clip's own transform makes it.

Resizing is Pillow's antialiased filter, the one that the models were trained with. Resize and crop are one step: the
box of the original picture that ends up in the square is resized straight into it, so nothing outside is computed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from PIL import Image

from retrieval.errors import ModelError
from retrieval.types import DecodedImage, PixelArray

FILTERS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}
RESIZE_MODES = ("shortest", "longest", "squash")
OPENAI_MEAN = (0.48145466, 0.4578275, 0.40821073)
OPENAI_STD = (0.26862954, 0.26130258, 0.27577711)


@dataclass(frozen=True, slots=True)
class Preprocess:
    """How pictures become model input.

    `size` is the side of the square in pixels. `resize_mode`: "shortest" fits the shorter side and crops the centre,
    "longest" fits the longer side and pads with `fill_color` (0..255), "squash" ignores the aspect ratio. `mean` and
    `std` are per channel, of pixels in [0, 1].
    """

    size: int
    mean: tuple[float, ...] = OPENAI_MEAN
    std: tuple[float, ...] = OPENAI_STD
    interpolation: str = "bicubic"
    resize_mode: str = "shortest"
    fill_color: int = 0

    @classmethod
    def from_open_clip(cls, config: Mapping[str, Any], *, model: str) -> Preprocess:
        """Read an open_clip preprocessing configuration; absent entries are open_clip's defaults.

        Raises `ModelError` for one that this project cannot follow, such as a non-square input.
        """
        size = _side(config["size"], model)
        interpolation = str(config.get("interpolation") or "bicubic")
        interpolation = "bicubic" if interpolation == "random" else interpolation  # a training augmentation
        resize_mode = str(config.get("resize_mode") or "shortest")
        if interpolation not in FILTERS or resize_mode not in RESIZE_MODES:
            raise ModelError(f"{model} wants {interpolation} {resize_mode} resizing, which is not supported")
        mean, std = _channels(config.get("mean") or OPENAI_MEAN), _channels(config.get("std") or OPENAI_STD)
        return cls(size, mean, std, interpolation, resize_mode, int(config.get("fill_color") or 0))

    @property
    def sha256(self) -> str:
        """Hex digest over everything that changes the pixels that a model sees."""
        facts = asdict(self)
        if self.resize_mode != "longest":
            del facts["fill_color"]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def __call__(self, image: DecodedImage) -> PixelArray:
        """Resize and crop one picture to uint8 (size, size, 3)."""
        (width, height), box = self._placement(image.width, image.height)
        scale_x, scale_y = image.pixels.shape[1] / image.width, image.pixels.shape[0] / image.height
        scaled = (box[0] * scale_x, box[1] * scale_y, box[2] * scale_x, box[3] * scale_y)
        source = Image.fromarray(image.pixels)
        limited = (scaled[0], scaled[1], min(scaled[2], source.width), min(scaled[3], source.height))
        resized = source.resize((width, height), FILTERS[self.interpolation], box=limited)
        if (width, height) == (self.size, self.size):
            return np.asarray(resized)
        square = np.full((self.size, self.size, 3), self.fill_color, np.uint8)
        top, left = (self.size - height) // 2, (self.size - width) // 2
        square[top : top + height, left : left + width] = np.asarray(resized)
        return square

    def _placement(self, width: int, height: int) -> tuple[tuple[int, int], tuple[float, float, float, float]]:
        """The size of the resized picture, and the box of the original (left, top, right, bottom) that it shows.

        Whole numbers are rounded as torchvision rounds them, so that no pixel moves against open_clip's transform.
        """
        size = self.size
        if self.resize_mode == "squash":
            return (size, size), (0, 0, width, height)
        if self.resize_mode == "longest":
            ratio = max(width, height) / size
            return (max(1, round(width / ratio)), max(1, round(height / ratio))), (0, 0, width, height)
        short = min(width, height)
        full_width, full_height = (int(size * side / short) for side in (width, height))
        left, top = round((full_width - size) / 2), round((full_height - size) / 2)
        x, y = width / full_width, height / full_height
        return (size, size), (left * x, top * y, (left + size) * x, (top + size) * y)


def _side(size: Any, model: str) -> int:
    sides = [int(s) for s in size] if isinstance(size, (list, tuple)) else [int(size)]
    if len(set(sides)) != 1:
        raise ModelError(f"{model} looks at pictures of {sides[0]} x {sides[1]} pixels; only square ones are supported")
    return sides[0]


def _channels(value: Any) -> tuple[float, ...]:
    return tuple(float(v) for v in value) if isinstance(value, (list, tuple)) else (float(value),) * 3
