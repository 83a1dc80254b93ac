"""The optimiser and its learning rate."""

from __future__ import annotations

from collections.abc import Callable

import torch
from open_clip_train.scheduler import cosine_lr  # type: ignore[import-untyped]
from torch import nn

from retrieval.training.config import OptimiserConfig


def adamw(model: nn.Module, config: OptimiserConfig) -> torch.optim.AdamW:
    """AdamW (Loshchilov & Hutter, 2019) that decays matrices and kernels, and no bias, gain or temperature."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=(config.beta1, config.beta2), eps=1e-6)


def schedule(optimiser: torch.optim.Optimizer, config: OptimiserConfig) -> Callable[[int], float]:
    """Set and return the learning rate of a step: linear warm-up, then half a cosine down to 0.

    It is a function of the step alone, so a resumed run has nothing to restore.
    """
    adjust: Callable[[int], float] = cosine_lr(optimiser, config.learning_rate, config.warmup_steps, config.steps)
    return adjust
