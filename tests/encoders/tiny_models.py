"""A CLIP of a few thousand weights (but for the vocabulary) that the tests make themselves, in several layouts."""

import json
from copy import deepcopy
from pathlib import Path

import open_clip
import torch
from safetensors.torch import save_file

TINY = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 48, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}


def varied(**changes):
    """TINY with entries of the configuration replaced; a dictionary updates a part of it."""
    config = deepcopy(TINY)
    for key, value in changes.items():
        if isinstance(value, dict):
            config[key].update(value)
        else:
            config[key] = value
    return config


def make_model(config, seed=0):
    torch.manual_seed(seed)
    config = deepcopy(config)
    kind = open_clip.CustomTextCLIP if config.pop("custom_text", False) else open_clip.CLIP
    return kind(**config).eval()


def write_folder(folder: Path, config, model=None, name="model.safetensors"):
    """A model folder: configuration and weights."""
    folder.mkdir(parents=True, exist_ok=True)
    model = model or make_model(config)
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": {}}))
    state = {key: value.detach().clone().contiguous() for key, value in model.state_dict().items()}
    if name.endswith(".safetensors"):
        save_file(state, folder / name)
    else:
        torch.save(state, folder / name)
    return folder
