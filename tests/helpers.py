"""What tests of several parts share: pictures, vectors, the real command."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from retrieval.index.segment import Segment

COLOURS = {
    "red": (220, 40, 40),
    "green": (40, 170, 70),
    "blue": (50, 80, 210),
    "yellow": (240, 210, 40),
    "black": (20, 20, 20),
    "white": (245, 245, 245),
}
_WARM = multiprocessing.get_context("forkserver")
"""Forks each process from one that has imported, once, what most commands import."""
_WARM.set_forkserver_preload(
    ["retrieval.cli", "retrieval.workspace", "retrieval.encoders.fake", "indexer.pipeline", "rich.table"]
)


def unit_vectors(rows: int, dim: int, seed: int = 0) -> np.ndarray:
    """Random directions, float32 (rows, dim)."""
    vectors = np.random.default_rng(seed).normal(size=(rows, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def recall_of(segment: Segment, queries: np.ndarray, *, k: int, ef_search: int) -> float:
    """Mean recall@k of a segment's graph against exact search on its vectors."""
    from retrieval.index.recall import share_found

    truth = segment.exact.search(queries, k=k, ef_search=ef_search)
    return float(share_found(segment.index.search(queries, k=k, ef_search=ef_search), truth).mean())


def save_picture(path: Path, colour: tuple[int, int, int], *, seed: int = 0, size: int = 48) -> Path:
    """A picture mostly of one colour; another seed gives other bytes."""
    noise = np.random.default_rng(seed).integers(-12, 13, (size, size, 3))
    pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def save_pictures(folder: Path) -> None:
    """A picture of each colour, as `pictures/red.png`."""
    for name, colour in COLOURS.items():
        save_picture(folder / "pictures" / f"{name}.png", colour)


def index_pictures(folder: Path, said: Callable[[str], Mapping[str, object]]) -> Path:
    """The same, indexed as `things` with what is said of each, by its colour; returns the folder."""
    save_pictures(folder)
    lines = [json.dumps({"image": f"pictures/{name}.png", **said(name)}) for name in COLOURS]
    (folder / "catalogue.jsonl").write_text("\n".join(lines))
    run_cli("index", "catalogue.jsonl", "-c", "things", "--model", "fake", cwd=folder)
    return folder


def run_cli(*arguments: str, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the real command in a process of its own, with its data in `cwd`/retrieval-data."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RETRIEVAL_")}
    with tempfile.TemporaryDirectory() as folder:
        printed = [Path(folder, name) for name in ("out", "err")]
        process = _WARM.Process(target=_command, args=(arguments, cwd, {**environment, "COLUMNS": "160"}, printed))
        process.start()
        process.join(timeout=300)
        out, err = (path.read_text(encoding="utf-8") for path in printed)
    if process.exitcode is None:
        process.kill()
        raise AssertionError(f"does not end: {err or out}")
    if check and process.exitcode:
        raise AssertionError(f"exit code {process.exitcode}: {err or out}")
    return subprocess.CompletedProcess(arguments, process.exitcode, out, err)


def _command(arguments: tuple[str, ...], cwd: Path, environment: dict[str, str], printed: list[Path]) -> None:
    """The command, in the process that was forked for it."""
    for number, path in enumerate(printed, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["retrieval", *arguments]
    from retrieval.cli import main

    main()
