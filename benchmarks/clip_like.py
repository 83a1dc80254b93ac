"""Made vectors with the geometry of CLIP's: for measuring indexes at sizes for which no embeddings are at hand.

`World("clip")` was fitted to ViT-B/32 embeddings of photographs and of their captions:

- a modality gap: images lie about one mean direction, texts about another, at a cosine of 0.25 (Liang et al., "Mind the
  gap", NeurIPS 2022);
- a spectrum that falls as a power of the rank with an exponential tail: the first 16, 32, 64, 128, 256 principal
  components of the images hold 0.55, 0.70, 0.83, 0.92, 0.98 of their variance (embeddings: 0.56, 0.70, 0.815, 0.91,
  0.974);
- texts vary along directions of their own: the first 64, 128, 192, 256, 384 components of the images hold 0.24, 0.36,
  0.48, 0.59, 0.79 of the texts' variance (embeddings: 0.20, 0.36, 0.49, 0.61, 0.81). Searching images for them is
  out of the images' distribution, which graphs find harder;
- clusters of very unequal sizes.

`World("isotropic")` has clusters alike in all directions: no projection to fewer dimensions keeps the neighbours. Its
texts come from a shifted distribution.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from numpy.lib.format import open_memmap

from retrieval.types import FloatArray

Kind: TypeAlias = Literal["clip", "isotropic"]
DIM = 512
IMAGE_MEAN, IMAGE_SPREAD = 0.853, 0.52
TEXT_MEAN, TEXT_SPREAD = 0.862, 0.5
MEANS_COSINE = 0.25
CENTRE, AROUND = 0.77, 0.64  # shares of a cluster's centre and of what lies around it
SHARED, OWN = 0.45, 0.9  # of what texts share with images, and of what is theirs alone
ROWS_A_CLUSTER, LEAST_CLUSTERS = 200, 50
BLOCK = 50_000


class World:
    """Distributions of images and of texts, given by a seed and by how many images there will be."""

    def __init__(self, kind: Kind, rows: int, *, seed: int = 0) -> None:
        rng = np.random.default_rng([seed, 0])
        self._seed = seed
        flat = kind == "isotropic"
        self._image_sd, self._text_sd = (np.sqrt(_spectrum(*shape, flat=flat)) for shape in ((0.75, 190), (0.45, 220)))
        self._shared_axes, self._text_axes = (np.linalg.qr(rng.standard_normal((DIM, DIM)))[0] for _ in range(2))
        image, text = _unit(rng.standard_normal((2, DIM)))
        apart = _unit(text - image * (image @ text))
        self._image_mean = image * (0 if flat else IMAGE_MEAN)
        self._text_mean = (MEANS_COSINE * image + np.sqrt(1 - MEANS_COSINE**2) * apart) * TEXT_MEAN
        clusters = max(LEAST_CLUSTERS, rows // ROWS_A_CLUSTER)
        self._centres = rng.standard_normal((clusters, DIM), np.float32)
        self._weights = rng.dirichlet(np.ones(clusters))

    def save_images(self, path: Path, count: int, *, stream: int) -> None:
        """Write images, float32 (count, DIM) of length 1; another stream gives others."""
        self._save(path, count, stream, self._images)

    def save_texts(self, path: Path, count: int, *, stream: int) -> None:
        """Write texts, float32 (count, DIM) of length 1; another stream gives others."""
        self._save(path, count, stream, self._texts)

    def _save(
        self, path: Path, count: int, stream: int, draw: Callable[[int, np.random.Generator], FloatArray]
    ) -> None:
        rng = np.random.default_rng([self._seed, stream])
        out = open_memmap(path, "w+", np.float32, (count, DIM))
        for start in range(0, count, BLOCK):
            out[start : start + BLOCK] = draw(min(BLOCK, count - start), rng)
        out.flush()

    def _images(self, count: int, rng: np.random.Generator) -> FloatArray:
        varying = _float(self._latent(count, rng) * self._image_sd) @ _float(self._shared_axes)
        return _unit(_float(self._image_mean) + IMAGE_SPREAD * varying)

    def _texts(self, count: int, rng: np.random.Generator) -> FloatArray:
        shared = _float(self._latent(count, rng) * self._text_sd) @ _float(self._shared_axes)
        own = _float(rng.standard_normal((count, DIM), np.float32) * self._text_sd) @ _float(self._text_axes)
        return _unit(_float(self._text_mean) + TEXT_SPREAD * (SHARED * shared + OWN * own))

    def _latent(self, count: int, rng: np.random.Generator) -> FloatArray:
        centres = self._centres[rng.choice(len(self._centres), count, p=self._weights)]
        return CENTRE * centres + AROUND * rng.standard_normal((count, DIM), np.float32)


def _spectrum(decay: float, tail: float, *, flat: bool) -> np.ndarray:
    rank = np.arange(1, DIM + 1)
    variance = np.ones(DIM) if flat else rank**-decay * np.exp(-rank / tail)
    return variance / variance.sum()


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def _float(values: np.ndarray) -> FloatArray:
    return values.astype(np.float32)
