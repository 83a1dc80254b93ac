"""A trained folder judged on held-out scenes of the demo world, as a collection would hold them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from retrieval.demo.captions import captions
from retrieval.demo.catalogue import JPEG_QUALITY
from retrieval.demo.render import render
from retrieval.demo.scene import sample_scene
from retrieval.training.config import ModelConfig
from retrieval.training.data import Labelled
from retrieval.training.export import VOCABULARY_FILE
from retrieval.training.intervals import bootstrap_interval
from retrieval.training.model import DualTower, build
from retrieval.training.validation import CUTOFFS, Ranks, embed, rank
from retrieval.types import DecodedImage, FloatArray, PixelArray

WHOLE = 2
"""The first two captions of a demo scene state all of it."""
CATALOGUE_SIZE = (320, 320)


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Held-out scenes with a model's view of them: `images` (n, dim) and `texts` (5 n, dim), unit vectors."""

    pictures: tuple[PixelArray, ...]
    captions: tuple[str, ...]
    images: FloatArray
    texts: FloatArray
    ranks: Ranks


@dataclass(frozen=True, slots=True)
class Recall:
    """One line of a results table; `low` and `high` bound the 95 % bootstrap interval."""

    name: str
    value: float
    low: float
    high: float


def load_trained(folder: Path) -> DualTower:
    """The model that a training run wrote to a folder."""
    config = ModelConfig(str(folder), pretrained="", vocabulary=str(folder / VOCABULARY_FILE))
    tower = build(config, device=torch.device("cpu"), load_weights=True)
    tower.model.eval()
    return tower


def judge(tower: DualTower, *, images: int, seed: int) -> HeldOut:
    """Draw held-out scenes as the demo catalogue does (JPEG, 320 px), reduce them to the model's size, and rank."""
    scenes = [sample_scene(seed, i, split="held-out") for i in range(images)]
    pictures = tuple(_as_jpeg(render(scene, CATALOGUE_SIZE[0])) for scene in scenes)
    labelled = [
        Labelled(tower.preprocess(DecodedImage(pixels, *CATALOGUE_SIZE)), captions(scene))
        for pixels, scene in zip(pictures, scenes, strict=True)
    ]
    image_vectors, text_vectors = embed(tower, labelled, precision="fp32")
    names = tuple(caption for picture in labelled for caption in picture.captions)
    per_picture = len(names) // images
    owners = np.repeat(np.arange(images), per_picture)
    whole = np.tile(np.arange(per_picture) < WHOLE, images)
    ranks = rank(image_vectors, text_vectors, owners=owners, whole=whole)
    return HeldOut(pictures, names, image_vectors, text_vectors, ranks)


def recalls(ranks: Ranks) -> tuple[Recall, ...]:
    """hit@k with intervals: text to image (whole captions, all captions) and image to text."""
    pictures = np.arange(len(ranks.texts))
    rows = (
        ("text to image, whole captions", ranks.images[ranks.whole], ranks.owners[ranks.whole]),
        ("text to image, all captions", ranks.images, ranks.owners),
        ("image to text", ranks.texts, pictures),
    )
    return tuple(_recall(f"{name} @{k}", found <= k, owners) for name, found, owners in rows for k in CUTOFFS)


def best(held: HeldOut, query: int, k: int) -> Sequence[int]:
    """Numbers of the k pictures nearest to a caption."""
    order: list[int] = np.argsort(-(held.images @ held.texts[query]), kind="stable")[:k].tolist()
    return order


def _recall(name: str, hits: np.ndarray, owners: np.ndarray) -> Recall:
    return Recall(name, float(hits.mean()), *bootstrap_interval(hits, owners))


def _as_jpeg(picture: Image.Image) -> PixelArray:
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return np.asarray(Image.open(buffer), dtype=np.uint8)
