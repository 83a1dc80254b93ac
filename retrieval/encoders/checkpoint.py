"""Weights from a local file into a model, or one sentence about why they do not fit."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from retrieval.encoders.messages import first_line
from retrieval.errors import ModelError

SUFFIXES = (".safetensors", ".pt", ".pth", ".bin")
WRAPPERS = ("state_dict", "model_state_dict", "model")
"""Where training checkpoints keep the weights, beside the optimiser and the rest."""
PREFIXES = ("module.", "_orig_mod.")
"""What DistributedDataParallel and torch.compile put before every name."""

State = dict[str, torch.Tensor]


def check_file(path: Path) -> None:
    """`ModelError` unless this is a file of a kind that `read_state` reads."""
    if path.suffix not in SUFFIXES:
        raise ModelError(f"{path} is not a checkpoint: expected a file that ends in {', '.join(SUFFIXES)}")
    if not path.is_file():
        raise ModelError(f"there is no checkpoint {path}")


def read_state(path: Path) -> State:
    """Read the weights of a checkpoint as float32 tensors on the CPU, by name.

    Pickled files are read with `weights_only`, so that no code in them runs. Training checkpoints are unwrapped.
    Raises `ModelError` for a file that is missing, damaged or no checkpoint.
    """
    check_file(path)
    content = _read_safetensors(path) if path.suffix == ".safetensors" else _read_pickle(path)
    while isinstance(content, Mapping) and (wrapped := _unwrapped(content)) is not None:
        content = wrapped
    if not isinstance(content, Mapping):
        raise ModelError(f"{path} holds no weights by name, but a {type(content).__name__}")
    state = {_bare(str(name)): tensor for name, tensor in content.items() if isinstance(tensor, torch.Tensor)}
    if not state:
        raise ModelError(f"{path} holds no weights")
    return {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in state.items()}


def load_state(model: torch.nn.Module, state: State, *, path: Path, name: str) -> None:
    """Put weights into a model, which takes the tensors over; `path` and `name` are for messages.

    Raises `ModelError` that says what is missing, superfluous or of another shape when they are of another
    architecture.
    """
    expected = model.state_dict()
    state = _without_leftovers(_adapted(model, state), expected)
    missing = [key for key in expected if key not in state]
    extra = [key for key in state if key not in expected]
    other = [key for key in state if key in expected and state[key].shape != expected[key].shape]
    problems = [
        f"{what}: {len(keys)} (first: {keys[0]}{detail})"
        for keys, what, detail in (
            (missing, "missing weights", ""),
            (extra, "weights without a place in it", ""),
            (
                other,
                "weights of another shape",
                other and f", {_shape(state[other[0]])} for {_shape(expected[other[0]])}",
            ),
        )
        if keys
    ]
    if problems:
        raise ModelError(f"{path} is not a checkpoint of {name}: {'; '.join(problems)}")
    model.load_state_dict(state, strict=True, assign=True)


def _read_safetensors(path: Path) -> object:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path} is damaged or no safetensors file: {first_line(error)}") from error


def _read_pickle(path: Path) -> object:
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                if any("/code/" in entry for entry in archive.namelist()):
                    raise ModelError(f"{path} is a TorchScript program, not weights: save its state_dict() instead")
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ModelError(
            f"{path} is damaged, or holds more than weights, which is not loaded because it could run code: "
            "save the state_dict() alone"
        ) from error
    except (RuntimeError, OSError, EOFError, KeyError, IndexError, TypeError, ValueError) as error:
        raise ModelError(f"{path} is damaged or no torch checkpoint: {first_line(error)}") from error


def _unwrapped(content: Mapping[object, object]) -> object | None:
    for key in WRAPPERS:
        if isinstance(content.get(key), Mapping):
            return content[key]
    return None


def _bare(name: str) -> str:
    for prefix in PREFIXES * 2:
        name = name.removeprefix(prefix)
    return name


def _adapted(model: torch.nn.Module, state: State) -> State:
    """Translate the layouts that open_clip itself reads: other projects' names, text towers of before `text.`."""
    from open_clip.convert import convert_state_dict
    from open_clip.model import convert_to_custom_text_state_dict

    adapted: State = convert_state_dict(model, state) if hasattr(model.visual, "trunk") else state
    if "positional_embedding" in adapted and not hasattr(model, "positional_embedding"):
        adapted = convert_to_custom_text_state_dict(adapted)
    return adapted


def _without_leftovers(state: State, expected: Mapping[str, torch.Tensor]) -> State:
    """Settle the entries that embeddings do not depend on: scale and bias of the loss, sizes, position numbers."""
    kept = dict(state)
    for key in ("input_resolution", "context_length", "vocab_size", "text.transformer.embeddings.position_ids"):
        if key not in expected:
            kept.pop(key, None)
    for key in ("logit_scale", "logit_bias"):
        value = kept.pop(key, None)
        if key in expected:
            shape = expected[key].shape
            fits = value is not None and value.numel() == shape.numel()
            kept[key] = value.reshape(shape) if fits and value is not None else torch.zeros(shape)
    return kept


def _shape(tensor: torch.Tensor) -> str:
    return " x ".join(map(str, tensor.shape)) or "a number"
