"""Which device a model runs on."""

from __future__ import annotations

import torch

from retrieval.errors import ModelError


def choose_device(name: str | None) -> torch.device:
    """The named torch device, or the best one that is there: CUDA, then MPS, then the CPU.

    Raises `ModelError` for a device that this machine or this build of torch does not have.
    """
    if name is None:
        return torch.device(_available()[0])
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ModelError(f"{name!r} is not a torch device; here there are: {', '.join(_available())}") from error
    if str(device) not in _available() and device.type not in _available():
        raise ModelError(f"there is no device {name!r} on this machine; here there are: {', '.join(_available())}")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ModelError(f"there is no device {name!r}: this machine has {torch.cuda.device_count()} CUDA devices")
    return device


def _available() -> list[str]:
    """Device types that work here, the preferred one first."""
    found = ["cuda"] if torch.cuda.is_available() else []
    if torch.backends.mps.is_available():
        found.append("mps")
    return [*found, "cpu"]
