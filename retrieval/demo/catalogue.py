"""The demo catalogue on disk: JPEG files and a JSONL manifest that any source reader understands."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from retrieval.demo.attributes import attributes
from retrieval.demo.captions import captions
from retrieval.demo.render import LARGEST, SMALLEST, render
from retrieval.demo.scene import Scene, sample_scene
from retrieval.demo.world import SPLITS, Split
from retrieval.errors import ConflictError, InputError, StorageError

WORLD_VERSION = 1
"""To be raised when the same scene begins to look or read differently."""
MANIFEST, RECIPE, IMAGES = "manifest.jsonl", "recipe.json", "images"
PARTIAL = ".partial"
JPEG_QUALITY = 90


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that a catalogue's content follows from; kept beside it, so that a repeated run knows its own work."""

    count: int
    seed: int
    size: int
    split: Split
    world_version: int = WORLD_VERSION

    def __post_init__(self) -> None:
        """Refuse what cannot be made."""
        if self.count < 1:
            raise InputError(f"a catalogue of {self.count} images cannot be made: ask for at least 1")
        if not SMALLEST <= self.size <= LARGEST:
            raise InputError(f"picture size {self.size} is out of range: choose {SMALLEST} to {LARGEST} pixels")
        if self.split not in SPLITS:
            raise InputError(f"unknown split {self.split!r}: use one of {', '.join(SPLITS)}")


def write_catalogue(
    folder: Path,
    *,
    count: int,
    seed: int,
    size: int = 320,
    split: Split = "train",
    on_progress: Callable[[int], None] | None = None,
) -> Path:
    """Write `count` pictures of `size` x `size` pixels and their manifest; returns the manifest's path.

    `folder` gets `images/NNNNNN.jpg` and, when all of them are there, `manifest.jsonl`: on each line an object with
    `image` (relative path), `doc_id`, `captions` (five) and `attributes`. `on_progress` is told how many images are
    done. Repeated with the same arguments it keeps what is there, so that an interrupted run goes on where it was.

    Raises `InputError` for arguments out of range, `ConflictError` for a folder that holds anything else, and
    `StorageError` when the disk refuses.
    """
    recipe = Recipe(count, seed, size, split)
    try:
        _check_folder(folder, recipe)
        return _write(folder, recipe, on_progress)
    except OSError as error:
        raise StorageError(
            f"cannot write the catalogue to {folder}: {error}; make room or choose another folder"
        ) from error


def _check_folder(folder: Path, recipe: Recipe) -> None:
    """Make sure that the folder is absent, empty, or holds (part of) the very same catalogue."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file: give a folder for the catalogue")
    if not folder.exists() or all(entry.suffix == PARTIAL for entry in folder.iterdir()):
        return
    found = _read_recipe(folder / RECIPE)
    if found is None:
        raise ConflictError(f"{folder} is not empty and holds no demo catalogue: choose another folder")
    differences = [
        f"{name} {found.get(name)}, not {value}" for name, value in asdict(recipe).items() if found.get(name) != value
    ]
    if differences:
        raise ConflictError(
            f"{folder} holds another catalogue ({'; '.join(differences)}): choose another folder or remove it"
        )


def _read_recipe(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _write(folder: Path, recipe: Recipe, on_progress: Callable[[int], None] | None) -> Path:
    manifest, images = folder / MANIFEST, folder / IMAGES
    folder.mkdir(parents=True, exist_ok=True)
    _write_whole(folder / RECIPE, json.dumps(asdict(recipe), indent=2) + "\n")
    images.mkdir(exist_ok=True)
    present = {entry.name for entry in os.scandir(images)}
    for index in range(recipe.count):
        if _image_name(index) not in present:
            _write_image(images / _image_name(index), sample_scene(recipe.seed, index, split=recipe.split), recipe.size)
        if on_progress is not None:
            on_progress(index + 1)
    if not manifest.exists():
        _write_whole(manifest, "".join(_manifest_lines(recipe)))
    return manifest


def _manifest_lines(recipe: Recipe) -> Iterator[str]:
    for index in range(recipe.count):
        scene = sample_scene(recipe.seed, index, split=recipe.split)
        entry = {
            "image": f"{IMAGES}/{_image_name(index)}",
            "doc_id": f"demo-{recipe.split}-{recipe.seed}-{index:06d}",
            "captions": captions(scene),
            "attributes": attributes(scene),
        }
        yield json.dumps(entry, ensure_ascii=False) + "\n"


def _image_name(index: int) -> str:
    return f"{index:06d}.jpg"


def _write_image(path: Path, scene: Scene, size: int) -> None:
    partial = path.with_suffix(PARTIAL)
    render(scene, size).save(partial, format="JPEG", quality=JPEG_QUALITY, subsampling=0)
    partial.replace(path)


def _write_whole(path: Path, text: str) -> None:
    """All of the file or nothing: written aside, flushed to disk, renamed."""
    partial = path.with_name(path.name + PARTIAL)
    with partial.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
