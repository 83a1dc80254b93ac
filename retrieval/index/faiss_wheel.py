"""The one place that imports FAISS, so that a missing or doubled wheel is told plainly.

`faiss-cpu` and the GPU wheels install the same module; with two of them, files of both are mixed and crashes follow.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any, TypeAlias

from retrieval.errors import DependencyError

WHEELS = ("faiss-cpu", "faiss-gpu-cuvs", "faiss-gpu", "faiss-gpu-cu12")


def _installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def check_wheels(installed: list[str]) -> None:
    """Raise `DependencyError` unless exactly one FAISS wheel is there (one built from source, unlisted, is fine)."""
    if len(installed) > 1:
        raise DependencyError(
            f"{' and '.join(installed)} are both installed and overwrite one another: "
            f"pip uninstall {' '.join(installed)}, then install one of the extras [cpu] and [gpu]"
        )


check_wheels([wheel for wheel in WHEELS if _installed(wheel)])
try:
    faiss: Any = import_module("faiss")  # untyped: the stubs in the wheel lack much of what it has
except ImportError as error:
    raise DependencyError(
        "FAISS is not installed: pip install 'multimodal-retrieval[cpu]', or [gpu] on a machine with CUDA"
    ) from error

FaissIndex: TypeAlias = Any
FaissSelector: TypeAlias = Any
FaissParameters: TypeAlias = Any

__all__ = ["FaissIndex", "FaissParameters", "FaissSelector", "faiss"]
