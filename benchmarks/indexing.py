"""Images a second of the whole pipeline and of each of its stages, with the peer beside it in the same run.

    python -m benchmarks.indexing --images 500 --checkpoint vitb32.safetensors [--peer PATH/TO/python]

Without --photos, JPEGs of 400 x 533 are made that decode at the cost of photographs. Every figure is a wall-clock
rate on an otherwise idle machine; look at ratios, absolute figures drift.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from PIL import Image

from indexer.config import IndexConfig
from indexer.pipeline import index
from indexer.sources.open import open_source
from retrieval.encoders.registry import load_encoder
from retrieval.images.decode import decode
from retrieval.images.read import read_image
from retrieval.opening import open_or_create
from retrieval.settings import Settings
from retrieval.types import ModelReference
from retrieval.workspace import Workspace


def make_photos(folder: Path, count: int, seed: int = 0) -> Path:
    """JPEGs of 400 x 533 with the spectrum of photographs (smooth noise over several scales)."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        pixels = np.zeros((533, 400, 3))
        for scale in (4, 16, 64):
            coarse = rng.uniform(0, 255, (533 // scale + 2, 400 // scale + 2, 3)).astype(np.uint8)
            smooth = Image.fromarray(coarse).resize((400, 533), Image.Resampling.BICUBIC)
            pixels += np.asarray(smooth, float) * scale / 84
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{number:05}.jpg", quality=90)
    return folder


def stages(photos: Path, checkpoint: Path, precision: str) -> dict[str, float]:
    """Images a second of each stage alone, one after the other, on one thread but for the encoder."""
    encoder = load_encoder("ViT-B-32", checkpoint=checkpoint, precision=precision)
    paths = sorted(photos.glob("*.jpg"))[:256]
    rates = {}

    def timed(name: str, work: object, count: int) -> object:
        started = perf_counter()
        result = work()  # type: ignore[operator]
        rates[name] = count / (perf_counter() - started)
        return result

    data = timed("read", lambda: [read_image(str(path)) for path in paths], len(paths))
    images = timed("decode", lambda: [decode(d, at_least=encoder.image_size) for d in data], len(paths))
    pixels = timed("preprocess", lambda: [encoder.preprocess(image) for image in images], len(paths))
    encoder.encode_images(np.stack(pixels[:32]))
    batches = [np.stack(pixels[start : start + 32]) for start in range(0, len(pixels), 32)]
    timed("embed", lambda: [encoder.encode_images(batch) for batch in batches], len(pixels))
    return rates


def whole(photos: Path, checkpoint: Path, precision: str) -> float:
    """Images a second from files to a published, verified generation; the model is loaded before."""
    folder = Path(tempfile.mkdtemp())
    try:
        with Workspace(Settings(data_dir=folder, database_url=None)) as workspace:
            reference = ModelReference("ViT-B-32", str(checkpoint))
            collection = open_or_create(workspace, "bench", reference, precision=precision)
            _ = collection.encoder
            return index(open_source(photos), collection, config=IndexConfig()).images_per_second
    finally:
        shutil.rmtree(folder)


def peer(python: Path, photos: Path, checkpoint: Path) -> dict[str, float]:
    """`clip-retrieval inference` on the same images: its default settings, and the best found for it here."""
    rates = {}
    variants = {"default": [], "best": ["--batch_size", "32", "--num_prepro_workers", "2"]}
    for name, options in variants.items():
        output = Path(tempfile.mkdtemp())
        command = [
            str(python.parent / "clip-retrieval"),
            "inference",
            *("--input_dataset", str(photos), "--output_folder", str(output)),
            *("--enable_text", "False", "--enable_metadata", "False"),
            *("--clip_model", f"open_clip:ViT-B-32/{checkpoint.absolute()}", *options),
        ]
        started = perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "CUDA_VISIBLE_DEVICES": ""})
        seconds = perf_counter() - started
        found = sum(len(np.load(path)) for path in output.glob("img_emb/*.npy"))
        if not found:
            raise SystemExit(f"the peer failed: {done.stderr[-2000:]}")
        rates[f"{name}, wall"] = found / seconds
        told = [json.loads(path.read_text()) for path in output.glob("stats/*.json")]
        if told:
            rates[f"{name}, own figure"] = sum(one["sample_count"] for one in told) / max(
                one["total_duration"] for one in told
            )
        shutil.rmtree(output)
    return rates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--photos", type=Path, help="a flat folder of JPEGs to use instead of made ones")
    parser.add_argument("--checkpoint", type=Path, required=True, help="weights of a ViT-B-32")
    parser.add_argument("--peer", type=Path, help="python of an environment with clip-retrieval")
    parser.add_argument("--repeat", type=int, default=2)
    arguments = parser.parse_args()
    photos = arguments.photos or make_photos(Path(tempfile.mkdtemp()) / "photos", arguments.images)
    results: dict[str, object] = {
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}",
        "images": len(list(photos.glob("*.jpg"))),
    }
    for precision in ("fp32", "bf16"):
        results[f"stages {precision}"] = stages(photos, arguments.checkpoint, precision)
        rates = [whole(photos, arguments.checkpoint, precision) for _ in range(arguments.repeat)]
        results[f"whole {precision}"] = rates
        print(json.dumps(results, indent=2), flush=True)
    if arguments.peer:
        results["clip-retrieval"] = peer(arguments.peer, photos, arguments.checkpoint)
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
