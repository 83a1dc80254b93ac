"""Number format of the weights: which one is faster here, and whether it gives the same embeddings.

Judged by the centred cosine: embeddings of one model lie in a narrow cone, so that the plain cosine is near 1 for any
two of them, right or wrong. What tells pictures apart is the rest, after the mean is subtracted.
"""

from __future__ import annotations

import numpy as np
import torch

from retrieval.errors import ModelError
from retrieval.types import FloatArray

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
LOWEST_FIDELITY = 0.99
LEAST_SPREAD = 0.02
"""Mean distance from the common mean below which there is nothing to centre: embeddings that are all the same."""


def choose_precision(requested: str, device: torch.device) -> str:
    """The precision to try: "auto" is bf16 where the hardware multiplies it faster, else fp32.

    Raises `ModelError` for a name that is none of auto, fp32, bf16, fp16, and for fp16 without CUDA.
    """
    if requested == "auto":
        return "bf16" if _bf16_is_faster(device) else "fp32"
    if requested not in DTYPES:
        raise ModelError(f"unknown precision {requested!r}: use auto, {', '.join(DTYPES)}")
    if requested == "fp16" and device.type != "cuda":
        raise ModelError(f"precision fp16 needs a CUDA device, not {device.type}: use bf16 or fp32")
    return requested


def fidelity(embeddings: FloatArray, reference: FloatArray) -> float:
    """The lowest cosine of a row with its reference, both less the reference's mean; inputs (n, dim), unit rows.

    Plain cosines are compared where the reference hardly varies. Not finite values count as -1.
    """
    if not np.isfinite(embeddings).all():
        return -1.0
    mean = reference.mean(axis=0)
    if np.linalg.norm(reference - mean, axis=1).mean() < LEAST_SPREAD:
        mean = np.zeros_like(mean)
    a, b = embeddings - mean, reference - mean
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return float(((a * b).sum(axis=1) / np.maximum(lengths, 1e-12)).min())


def _bf16_is_faster(device: torch.device) -> bool:
    """Known by the kind of the hardware and not by a stopwatch, so that a model has one identity on one machine."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type != "cpu":
        return False
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("amx_bf16") or capabilities.get("amx_tile") or capabilities.get("avx512_bf16"))
