"""A trained model as a folder: what open_clip loads from `local-dir:FOLDER`, with the vocabulary and the recipe."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import save
from torch import nn

from retrieval.encoders.bundled.tokenizer import WordTokenizer
from retrieval.training.files import write_atomically
from retrieval.training.model import ARCHITECTURE_FILE, DualTower, architecture_of

WEIGHTS_FILE = "model.safetensors"
VOCABULARY_FILE = "vocabulary.txt"


def write_bundle(folder: Path, tower: DualTower, *, architecture: str) -> None:
    """Write `open_clip_config.json`, `model.safetensors` (float16) and, where it is ours, `vocabulary.txt`."""
    facts = json.dumps(architecture_of(architecture, tower), indent=2) + "\n"
    write_atomically(folder / ARCHITECTURE_FILE, facts.encode())
    write_atomically(folder / WEIGHTS_FILE, save(_half(tower.model)))
    if isinstance(tower.tokenize, WordTokenizer):
        write_atomically(folder / VOCABULARY_FILE, tower.tokenize.text().encode())


def _half(model: nn.Module) -> dict[str, torch.Tensor]:
    """Weights in float16: half the bytes, and closer to float32 than bfloat16 at the sizes that weights have."""
    state = model.state_dict()
    return {name: (t.half() if t.is_floating_point() else t).contiguous().cpu() for name, t in state.items()}
