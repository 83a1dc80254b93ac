"""One step of learning: forward, symmetric InfoNCE, backward, update."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager, nullcontext

import torch
from open_clip.loss import ClipLoss
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from retrieval.encoders.bundled.tokenizer import WordTokenizer
from retrieval.errors import InputError
from retrieval.training.config import TrainConfig
from retrieval.training.model import DualTower
from retrieval.training.noise import hide_words
from retrieval.training.optimiser import adamw, schedule
from retrieval.training.validation import autocast

COLDEST = math.log(100)
"""Highest logarithm of the logit scale, as in CLIP: the temperature stays at or above 0.01."""


class Learner:
    """A model with its optimiser."""

    def __init__(self, tower: DualTower, config: TrainConfig) -> None:
        self.tower = tower
        self.optimiser = adamw(tower.model, config.optimiser)
        self._config = config
        self._set_rate = schedule(self.optimiser, config.optimiser)
        self._loss = ClipLoss()
        self._device = next(tower.model.parameters()).device

    def step(self, step: int, pixels: torch.Tensor, texts: list[str]) -> tuple[float, float]:
        """Learn from batch number `step`: pixels uint8 (n, s, s, 3) and n texts; the loss and the learning rate.

        Raises `InputError` when the loss is no longer finite, before the weights are touched.
        """
        model = self.tower.model.train()
        learning_rate = self._set_rate(step)
        loss = self._forward(step, pixels, texts)
        if not torch.isfinite(loss):
            raise InputError(f"the loss is {loss.item()} at step {step + 1}: lower optimiser.learning_rate")
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), self._config.optimiser.clip_norm)
        self.optimiser.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, COLDEST)
        return float(loss.detach()), learning_rate

    def _forward(self, step: int, pixels: torch.Tensor, texts: list[str]) -> torch.Tensor:
        model = self.tower.model
        images = self.tower.images(pixels, self._device)
        tokens = self._tokens(step, texts).to(self._device)
        with autocast(self._device, self._config.run.precision), short_attention(self._device):
            image_features = model.encode_image(images, normalize=True)
            text_features = model.encode_text(tokens, normalize=True)
        loss: torch.Tensor = self._loss(image_features.float(), text_features.float(), model.logit_scale.exp())
        return loss

    def _tokens(self, step: int, texts: list[str]) -> torch.Tensor:
        tokenize, rate = self.tower.tokenize, self._config.data.unknown_words
        tokens = tokenize(texts)
        if rate and isinstance(tokenize, WordTokenizer):
            tokens = hide_words(tokens, tokenize, rate=rate, seed=self._config.data.seed * 2**32 + step)
        return tokens


def short_attention(device: torch.device) -> AbstractContextManager[None]:
    """On a CPU, plain attention: for captions of 32 tokens it takes 0.7 of the time of torch's blocked kernel."""
    return sdpa_kernel(SDPBackend.MATH) if device.type == "cpu" else nullcontext()
