"""A test double without weights: it knows colours by name and nothing else. NumPy only, ready at once.

The first dimensions are the shares of named colours, in a picture or among the words of a text, so that "red" finds
pictures with much red. The rest tells pictures and texts apart: where a picture is dark and light, and which words a
text has. For tests and for trying the mechanics; not a way to search real pictures.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np

from retrieval.encoders.inputs import check_pixels, check_texts
from retrieval.encoders.preprocess import Preprocess
from retrieval.types import DecodedImage, EncoderSpec, FloatArray, PixelArray

DIM = 64
SIZE = 32
COLOURS = {
    "black": (20, 20, 20), "white": (240, 240, 240), "grey": (128, 128, 128), "red": (210, 30, 35),
    "orange": (240, 140, 20), "yellow": (245, 220, 50), "green": (40, 150, 60), "cyan": (60, 200, 210),
    "blue": (40, 70, 200), "purple": (130, 50, 160), "pink": (245, 150, 180), "brown": (120, 75, 40),
}  # fmt: skip
"""Named colours in RGB."""
SYNONYMS = {
    "gray": "grey",
    "violet": "purple",
    "turquoise": "cyan",
    "golden": "yellow",
    "gold": "yellow",
    "beige": "brown",
}
DETAIL = 0.3
"""Weight of what is not colour, against 1 for the colours."""
SOFTNESS = 40.0
"""Distance in RGB at which a pixel counts for another colour a good deal less."""


class FakeEncoder:
    """An encoder of 64 dimensions over 32 x 32 pixels. Deterministic; safe to call from several threads."""

    def __init__(self) -> None:
        self._preprocess = Preprocess(SIZE, resize_mode="squash", interpolation="bilinear")
        rng = np.random.default_rng(64)
        self._detail = rng.standard_normal((16 * 3, DIM - len(COLOURS))).astype(np.float32)
        self._palette = np.array(list(COLOURS.values()), np.float32)
        self._spec = EncoderSpec(
            model="fake",
            pretrained="",
            weights_sha256=hashlib.sha256(b"fake encoder 1").hexdigest(),
            preprocess_sha256=self._preprocess.sha256,
            tokenizer="words",
            precision="fp32",
            dim=DIM,
        )

    @property
    def spec(self) -> EncoderSpec:
        """Identity; stored with every collection."""
        return self._spec

    @property
    def image_size(self) -> int:
        """Side of the square, in pixels, that `preprocess` returns."""
        return SIZE

    def preprocess(self, image: DecodedImage) -> PixelArray:
        """Squash one picture to uint8 (32, 32, 3)."""
        return self._preprocess(image)

    def encode_images(self, pixels: PixelArray) -> FloatArray:
        """Embed preprocessed pictures, uint8 (n, 32, 32, 3) -> float32 (n, 64), rows of length 1."""
        check_pixels(pixels, SIZE)
        n = len(pixels)
        small = pixels.reshape(n, 16, 2, 16, 2, 3).mean(axis=(2, 4), dtype=np.float32)
        distances = ((small.reshape(n, 256, 1, 3) - self._palette) ** 2).sum(axis=-1)
        nearness = np.exp((distances.min(axis=-1, keepdims=True) - distances) / (2 * SOFTNESS**2))
        shares = (nearness / nearness.sum(axis=-1, keepdims=True)).mean(axis=1)
        layout = small.reshape(n, 4, 4, 4, 4, 3).mean(axis=(2, 4)).reshape(n, 48) - small.mean(axis=(1, 2, 3))[:, None]
        return _joined(shares, layout @ self._detail)

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Embed n texts -> float32 (n, 64), rows of length 1."""
        check_texts(texts)
        shares = np.zeros((len(texts), len(COLOURS)), np.float32)
        words = np.zeros((len(texts), DIM - len(COLOURS)), np.float32)
        names = list(COLOURS)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()) or [""]:
                colour = SYNONYMS.get(word, word)
                if colour in COLOURS:
                    shares[row, names.index(colour)] += 1
                else:
                    words[row] += _direction(word)
        return _joined(shares, words)


def _joined(colours: FloatArray, detail: FloatArray) -> FloatArray:
    """Both parts, each brought to its weight; rows of length 1."""
    joined = np.concatenate([_unit(colours), DETAIL * _unit(detail)], axis=1)
    joined[~joined.any(axis=1), -1] = 1  # an evenly coloured picture of no named colour, say: any direction does
    return _unit(joined)


def _unit(rows: FloatArray) -> FloatArray:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12), np.float32)


def _direction(word: str) -> FloatArray:
    """A word's own direction, the same in every process: (52,)."""
    seed = int.from_bytes(hashlib.sha256(word.encode("utf-8", "replace")).digest()[:8])
    return np.random.default_rng(seed).standard_normal(DIM - len(COLOURS)).astype(np.float32)
