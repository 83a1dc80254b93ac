"""Checkpoints: everything that a run needs to go on as if it had never stopped, in one file replaced atomically."""

from __future__ import annotations

import io
import pickle
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from retrieval.errors import ConflictError, CorruptionError, ModelError, StorageError
from retrieval.training.config import TrainConfig
from retrieval.training.files import write_atomically

CHECKPOINT_FILE = "checkpoint.pt"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Position:
    """Where a run stands: `step` batches are done; `history` holds the rows of the curves so far."""

    step: int = 0
    history: tuple[dict[str, float], ...] = ()
    seconds: float = 0.0


def save(
    folder: Path, config: TrainConfig, model: nn.Module, optimiser: torch.optim.Optimizer, position: Position
) -> None:
    """Replace the checkpoint of a folder. Raises `StorageError` where it cannot; the old one is then intact."""
    state = {
        "format": FORMAT,
        "config": asdict(config),
        "model": model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "random": torch.get_rng_state(),
        "position": {"step": position.step, "history": list(position.history), "seconds": position.seconds},
    }
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_atomically(folder / CHECKPOINT_FILE, buffer.getbuffer())


def resume(folder: Path, config: TrainConfig, model: nn.Module, optimiser: torch.optim.Optimizer) -> Position:
    """Put a run back where its checkpoint left it.

    Raises `CorruptionError` for a damaged file, `ModelError` for another architecture and `ConflictError` for a
    checkpoint of another run (other data, optimiser or seed), which could not be continued exactly.
    """
    path = folder / CHECKPOINT_FILE
    state = _read(path)
    _load_weights(path, model, state["model"])
    _check_run(path, config, state["config"])
    optimiser.load_state_dict(state["optimiser"])
    torch.set_rng_state(state["random"])
    position = state["position"]
    return Position(position["step"], tuple(position["history"]), position["seconds"])


def _read(path: Path) -> dict[str, Any]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}") from error
    try:
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, OSError, pickle.UnpicklingError, ValueError, KeyError) as error:
        raise CorruptionError(f"{path} is damaged ({error}): start again with --fresh") from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise CorruptionError(f"{path} is not a checkpoint of this program: start again with --fresh")
    return state


def _load_weights(path: Path, model: nn.Module, weights: dict[str, torch.Tensor]) -> None:
    ours = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    theirs = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    if ours != theirs:
        differing = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
        name = differing[0]
        raise ModelError(
            f"{path} is a checkpoint of another architecture ({name}: {theirs.get(name, 'absent')} there, "
            f"{ours.get(name, 'absent')} in the config): use another --out, or --fresh"
        )
    model.load_state_dict(weights)


def _check_run(path: Path, config: TrainConfig, theirs: dict[str, Any]) -> None:
    """Only what does not change the weights may differ: how often to log, validate and save, and the workers."""
    ours = asdict(config)
    for table, key in (("optimiser", None), ("data", None), ("run", "seed"), ("run", "precision")):
        for name, value in ours[table].items():
            if name not in ("workers", "stop_after") and key in (None, name) and theirs[table].get(name) != value:
                raise ConflictError(
                    f"{path} was made with {table}.{name} = {theirs[table].get(name)!r}, the config says {value!r}: "
                    "put it back, use another --out, or --fresh"
                )
