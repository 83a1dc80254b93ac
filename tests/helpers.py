"""What tests of several parts share: pictures, vectors, the real command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

COLOURS = {
    "red": (220, 40, 40),
    "green": (40, 170, 70),
    "blue": (50, 80, 210),
    "yellow": (240, 210, 40),
    "black": (20, 20, 20),
    "white": (245, 245, 245),
}


def unit_vectors(rows: int, dim: int, seed: int = 0) -> np.ndarray:
    """Random directions, float32 (rows, dim)."""
    vectors = np.random.default_rng(seed).normal(size=(rows, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def save_picture(path: Path, colour: tuple[int, int, int], *, seed: int = 0, size: int = 48) -> Path:
    """A picture mostly of one colour; another seed gives other bytes."""
    noise = np.random.default_rng(seed).integers(-12, 13, (size, size, 3))
    pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def run_cli(*arguments: str, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the real command in a process of its own, with its data in `cwd`/retrieval-data."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RETRIEVAL_")}
    done = subprocess.run(
        [sys.executable, "-c", "from retrieval.cli import main; main()", *arguments],
        cwd=cwd,
        env={**environment, "COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    if check and done.returncode:
        raise AssertionError(f"exit code {done.returncode}: {done.stderr or done.stdout}")
    return done
