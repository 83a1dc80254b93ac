"""What a training run is told: a TOML file, read into frozen dataclasses and checked key by key."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, get_type_hints

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from retrieval.errors import InputError

Positive: TypeAlias = Annotated[int, Field(gt=0)]
Natural: TypeAlias = Annotated[int, Field(ge=0)]
Rate: TypeAlias = Annotated[float, Field(gt=0, lt=1)]
Share: TypeAlias = Annotated[float, Field(ge=0, lt=1)]

DEMO = "demo"
Fact: TypeAlias = Literal["background", "time", "kind", "colour", "count", "size"]
STRICT = ConfigDict(extra="forbid")
PATHS = (("model", "architecture"), ("model", "pretrained"), ("model", "vocabulary"), ("data", "source"))


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Which model: `architecture` is a folder with an `open_clip_config.json`, or a name that open_clip knows.

    `pretrained` names weights to start from: a file, or a tag that open_clip knows (empty: random). `vocabulary` is
    "demo" (the words of the demo world), a text file with one token a line, or empty for open_clip's own tokenizer.
    """

    __pydantic_config__ = STRICT
    architecture: str
    pretrained: str = ""
    vocabulary: str = DEMO


@dataclass(frozen=True, slots=True)
class DataConfig:
    """What it learns from: `source` is "demo" (the endless demo world) or a catalogue that the indexer reads.

    `workers` processes make the batches. Each word of a caption becomes an unknown word with probability
    `unknown_words`, so that queries with words outside the vocabulary still work. `caption_weights` says how often the
    first, second, ... caption of a picture is drawn, in proportion; those beyond have weight 1. For the demo world
    only: the scenes of `gather` batches are dealt to these batches by the facts in `alike` (1: at random), and a share
    `tags` of the texts is the bare name of a thing in the picture instead of a caption; `plain` leaves out scenes of
    two groups and of small things.
    """

    __pydantic_config__ = STRICT
    source: str = DEMO
    seed: Natural = 1
    workers: Natural = 1
    unknown_words: Share = 0.0
    gather: Positive = 1
    alike: tuple[Fact, ...] = ("background", "time")
    tags: Share = 0.0
    plain: bool = False
    caption_weights: tuple[Annotated[float, Field(gt=0)], ...] = ()


@dataclass(frozen=True, slots=True)
class OptimiserConfig:
    """AdamW under a cosine schedule with a linear warm-up, for `steps` batches of `batch_size` pairs.

    `stop_after` ends the run after so many steps, in the middle of the schedule (0: at its end).
    """

    __pydantic_config__ = STRICT
    steps: Positive
    batch_size: Annotated[int, Field(gt=1)]
    learning_rate: Rate = 1e-3
    warmup_steps: Natural = 100
    weight_decay: Annotated[float, Field(ge=0)] = 0.1
    beta1: Share = 0.9
    beta2: Share = 0.98
    clip_norm: Annotated[float, Field(gt=0)] = 1.0
    stop_after: Natural = 0

    @property
    def last_step(self) -> int:
        """How many steps the run takes."""
        return min(self.stop_after or self.steps, self.steps)


@dataclass(frozen=True, slots=True)
class ValidationConfig:
    """How it is judged: on `images` pictures that training never sees, every `every` steps.

    The first `whole` captions of a picture are those that state all of it; they are reported apart.
    """

    __pydantic_config__ = STRICT
    every: Positive = 500
    images: Positive = 1000
    seed: Natural = 1001
    whole: Positive = 1


@dataclass(frozen=True, slots=True)
class RunConfig:
    """How it runs: `precision` is that of the multiplications ("bf16" by autocast); weights stay in float32.

    `threads` is torch's (0: as torch finds best). A checkpoint is written every `checkpoint_every` steps.
    """

    __pydantic_config__ = STRICT
    seed: Natural = 0
    precision: Literal["fp32", "bf16"] = "fp32"
    device: str = "cpu"
    threads: Natural = 0
    checkpoint_every: Positive = 500
    log_every: Positive = 20


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """A whole run. Relative paths are meant from the folder of the config file."""

    __pydantic_config__ = STRICT
    model: ModelConfig
    optimiser: OptimiserConfig
    data: DataConfig = field(default_factory=DataConfig)
    validation: ValidationConfig = field(default_factory=ValidationConfig)
    run: RunConfig = field(default_factory=RunConfig)


def read_config(path: Path) -> TrainConfig:
    """Read and check a TOML file. Raises `InputError` that names the key and the remedy."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"no training config at {path}") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path} is not a readable TOML file: {error}") from None
    return config_of(values, name=str(path), folder=path.parent)


def config_of(values: dict[str, Any], *, name: str = "config", folder: Path | None = None) -> TrainConfig:
    """Check nested tables and give the config; relative paths in it are resolved against `folder`."""
    try:
        config: TrainConfig = TypeAdapter(TrainConfig).validate_python(_resolved(values, folder))
    except ValidationError as error:
        raise InputError(f"{name}: {_first_fault(error)}") from None
    return config


def _resolved(values: dict[str, Any], folder: Path | None) -> dict[str, Any]:
    """The same tables with the paths that exist under `folder` made whole; names stay as they are."""
    if folder is None:
        return values
    tables = {key: dict(table) if isinstance(table, dict) else table for key, table in values.items()}
    for table, key in PATHS:
        entry = tables.get(table)
        value = entry.get(key) if isinstance(entry, dict) else None
        if isinstance(value, str) and value and value != DEMO and (folder / value).exists():
            tables[table][key] = str(folder / value)
    return tables


def _first_fault(error: ValidationError) -> str:
    fault = error.errors()[0]
    key = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "unexpected_keyword_argument":
        return f"unknown key {key!r}{_suggestion(fault['loc'])}"
    if fault["type"] == "missing":
        return f"{key}: missing"
    return f"{key}: {fault['msg'][0].lower()}{fault['msg'][1:]}, not {fault['input']!r}"


def _suggestion(location: tuple[int | str, ...]) -> str:
    *tables, key = (str(part) for part in location)
    known = [f.name for f in fields(get_type_hints(TrainConfig)[tables[0]] if tables else TrainConfig)]
    close = difflib.get_close_matches(key, known, n=1)
    return f" (did you mean {close[0]!r}?)" if close else f"; known here: {', '.join(known)}"
