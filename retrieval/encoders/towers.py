"""The two halves of a model as functions from arrays to unit vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from retrieval.encoders.preprocess import Preprocess
from retrieval.encoders.text import CutText
from retrieval.types import FloatArray, PixelArray


@dataclass(frozen=True, slots=True)
class Towers:
    """A model in one number format on one device. `cut` runs its text tower where that can be shortened."""

    model: Any
    cut: CutText | None
    preprocess: Preprocess
    dtype: torch.dtype
    device: torch.device

    def images(self, pixels: PixelArray) -> FloatArray:
        """Preprocessed pictures uint8 (n, s, s, 3) -> float32 (n, dim), rows of length 1."""
        pixels = pixels if pixels.flags.writeable else pixels.copy()  # torch warns about memory that it must not write
        with torch.inference_mode():
            batch = torch.from_numpy(pixels).to(self.device).permute(0, 3, 1, 2)  # channels last, without a copy
            mean, std = (
                torch.tensor(value, device=self.device).view(1, 3, 1, 1) * 255
                for value in (self.preprocess.mean, self.preprocess.std)
            )
            return _unit(self.model.encode_image(batch.float().sub_(mean).div_(std).to(self.dtype)))

    def texts(self, tokens: Tensor) -> FloatArray:
        """Token ids int64 (n, context) -> float32 (n, dim), rows of length 1."""
        with torch.inference_mode():
            tokens = tokens.to(self.device)
            return _unit(self.cut(tokens) if self.cut else self.model.encode_text(tokens))


def _unit(features: Tensor) -> FloatArray:
    return np.asarray(functional.normalize(features.float(), dim=-1).cpu().numpy(), np.float32)
