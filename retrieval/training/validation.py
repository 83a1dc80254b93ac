"""How well a model finds held-out pictures from their captions, and captions from pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from retrieval.training.data import Labelled
from retrieval.training.model import DualTower
from retrieval.types import FloatArray

CUTOFFS = (1, 5, 10)
CHUNK = 256


@dataclass(frozen=True, slots=True)
class Ranks:
    """Where the right answers stand, counted from 1.

    `images` int64 (n_texts,): rank of the own picture for each caption. `owners` int64 (n_texts,): number of that
    picture. `whole` bool (n_texts,): the caption states the whole picture. `texts` int64 (n_images,): rank of the best
    own caption for each picture.
    """

    images: NDArray[np.int64]
    owners: NDArray[np.int64]
    whole: NDArray[np.bool_]
    texts: NDArray[np.int64]

    def recalls(self) -> dict[str, float]:
        """hit@k (what papers on image captions call R@k) for k in 1, 5, 10, each in [0, 1].

        Text to image over all captions and over those that state the whole picture, and image to text.
        """
        found = {"text_to_image": self.images, "text_to_image_whole": self.images[self.whole]}
        found["image_to_text"] = self.texts
        return {f"{name}_r{k}": float(np.mean(ranks <= k)) for name, ranks in found.items() for k in CUTOFFS}


def validate(tower: DualTower, pictures: Sequence[Labelled], *, whole: int, precision: str) -> Ranks:
    """Rank every caption's picture among all of `pictures`, and the other way round.

    The first `whole` captions of a picture count as stating all of it.
    """
    images, texts = embed(tower, pictures, precision=precision)
    owners = np.repeat(np.arange(len(pictures)), [len(picture.captions) for picture in pictures])
    places = np.concatenate([np.arange(len(picture.captions)) for picture in pictures])
    return rank(images, texts, owners=owners, whole=places < whole)


def rank(images: FloatArray, texts: FloatArray, *, owners: NDArray[np.int64], whole: NDArray[np.bool_]) -> Ranks:
    """Ranks from unit vectors (n, dim) and (m, dim) by inner product; a tie counts against the model."""
    scores = texts @ images.T
    own = scores[np.arange(len(texts)), owners]
    image_ranks = (scores >= own[:, None]).sum(axis=1)
    best = np.full(len(images), -np.inf, dtype=scores.dtype)
    np.maximum.at(best, owners, own)
    foreign = owners[:, None] != np.arange(len(images))[None, :]
    text_ranks = 1 + ((scores >= best[None, :]) & foreign).sum(axis=0)
    return Ranks(image_ranks.astype(np.int64), owners, whole, text_ranks.astype(np.int64))


def embed(tower: DualTower, pictures: Sequence[Labelled], *, precision: str) -> tuple[FloatArray, FloatArray]:
    """Unit vectors, float32, of the pictures and of all their captions in turn."""
    model, device = tower.model, next(tower.model.parameters()).device
    texts = [caption for picture in pictures for caption in picture.captions]
    was_training = model.training
    model.eval()
    with torch.inference_mode(), autocast(device, precision):
        images = [model.encode_image(_pixels(tower, part, device), normalize=True) for part in _chunks(pictures)]
        words = [model.encode_text(tower.tokenize(part).to(device), normalize=True) for part in _chunks(texts)]
    model.train(was_training)
    return torch.cat(images).float().cpu().numpy(), torch.cat(words).float().cpu().numpy()


def _pixels(tower: DualTower, pictures: Sequence[Labelled], device: torch.device) -> torch.Tensor:
    return tower.images(torch.as_tensor(np.stack([picture.pixels for picture in pictures])), device)


def autocast(device: torch.device, precision: str) -> AbstractContextManager[object]:
    """Multiplications in bfloat16 where the precision says so; weights and sums stay in float32."""
    return torch.autocast(device.type, torch.bfloat16) if precision == "bf16" else nullcontext()


def _chunks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (items[i : i + CHUNK] for i in range(0, len(items), CHUNK))
