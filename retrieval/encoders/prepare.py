"""Makes a loaded model fast, on the condition that its embeddings stay what they were.

The model as it came, in fp32 and over the full context, is the reference. What may be faster is tried on a few
pictures and texts and kept only where it agrees.
"""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import torch

from retrieval.encoders import probes
from retrieval.encoders.blocks import converted
from retrieval.encoders.messages import first_line
from retrieval.encoders.precision import DTYPES, LOWEST_FIDELITY, choose_precision, fidelity
from retrieval.encoders.preprocess import Preprocess
from retrieval.encoders.text import cut_text
from retrieval.encoders.tokens import Tokenizer
from retrieval.encoders.towers import Towers
from retrieval.errors import ModelError
from retrieval.types import FloatArray

log = logging.getLogger(__name__)

SAME = 0.9999
"""Lowest fidelity at which a computation counts as the same but for rounding."""


def prepare(
    model: torch.nn.Module,
    tokenizer: Tokenizer,
    preprocess: Preprocess,
    *,
    name: str,
    precision: str,
    device: torch.device,
) -> tuple[Towers, str, int]:
    """The towers to use, the precision that they have, and the dimension of their embeddings.

    A `precision` other than "auto" is used even where it is inexact, with a warning in the log; "auto" then takes fp32.

    Raises:
        ModelError: the weights give no usable embeddings, or the precision is unknown or not to be had here.
    """
    chosen = choose_precision(precision, device)
    pixels, tokens = probes.pictures(preprocess.size), tokenizer(list(probes.TEXTS))
    fp32 = DTYPES["fp32"]
    original = model if device.type == "cpu" else converted(model, fp32, device)
    plain = Towers(original, None, preprocess, fp32, device)
    try:
        images, texts = plain.images(pixels), plain.texts(tokens)
    except (RuntimeError, AssertionError, IndexError, ValueError) as error:
        raise ModelError(
            f"{name} cannot embed a picture and a text as it is configured: {first_line(error)}"
        ) from error
    _check_usable(images, texts, name)
    can_cut = _can_cut(plain, tokens[:2], texts[:2])

    def candidate(dtype: torch.dtype) -> Towers:
        converted_model = converted(model, dtype, device)
        return Towers(converted_model, cut_text(converted_model) if can_cut else None, preprocess, dtype, device)

    towers = candidate(DTYPES[chosen])
    lowest = min(fidelity(towers.images(pixels), images), fidelity(towers.texts(tokens), texts))
    log.debug("%s in %s: lowest centred cosine to fp32 %.5f", name, chosen, lowest)
    if lowest < (SAME if chosen == "fp32" else LOWEST_FIDELITY):
        if precision == "auto" and chosen != "fp32":
            log.warning("%s is inexact in %s (cosine to fp32 %.3f): using fp32", name, chosen, lowest)
            return candidate(fp32), "fp32", images.shape[1]
        log.warning("%s is inexact in %s: the cosine to its fp32 embeddings is %.3f", name, chosen, lowest)
    return towers, chosen, images.shape[1]


def _can_cut(plain: Towers, tokens: torch.Tensor, texts: FloatArray) -> bool:
    """Whether the text tower can be cut and gives the same embeddings then."""
    cut = cut_text(plain.model)
    return cut is not None and fidelity(replace(plain, cut=cut).texts(tokens), texts) > SAME


def _check_usable(images: FloatArray, texts: FloatArray, name: str) -> None:
    if images.shape[1] != texts.shape[1]:
        raise ModelError(f"{name} embeds images in {images.shape[1]} and texts in {texts.shape[1]} dimensions")
    for kind, vectors in (("images", images), ("texts", texts)):
        if not np.isfinite(vectors).all() or not np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3):
            raise ModelError(
                f"the weights of {name} are damaged: they embed {kind} as vectors that are not finite, or zero"
            )
