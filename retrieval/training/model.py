"""The model of a run: built by open_clip, with the tokenizer and the pixel statistics that belong to it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import open_clip
import torch

from retrieval.encoders.bundled.tokenizer import WordTokenizer
from retrieval.encoders.messages import first_line
from retrieval.encoders.preprocess import Preprocess
from retrieval.errors import ModelError
from retrieval.training.config import DEMO, ModelConfig

Tokenize: TypeAlias = Callable[[Sequence[str]], torch.Tensor]
ARCHITECTURE_FILE = "open_clip_config.json"


@dataclass(frozen=True, slots=True)
class DualTower:
    """An open_clip model (`CLIP` or `CustomTextCLIP`) with what turns pictures and texts into its input.

    `tokenize` gives int64 (n, context_length); `preprocess` makes a picture the square that the model looks at.
    """

    model: open_clip.CLIP
    tokenize: Tokenize
    preprocess: Preprocess

    @property
    def image_size(self) -> int:
        """Side of that square, in pixels."""
        return self.preprocess.size

    def images(self, pixels: torch.Tensor, device: torch.device) -> torch.Tensor:
        """Pixels uint8 (n, s, s, 3) -> normalised float32 (n, 3, s, s) in channels-last order, on the device."""
        batch = pixels.to(device).permute(0, 3, 1, 2).float()
        channels = (self.preprocess.mean, self.preprocess.std)
        mean, std = (torch.tensor(values, device=device).view(1, 3, 1, 1) * 255 for values in channels)
        return batch.sub_(mean).div_(std)


def build(config: ModelConfig, *, device: torch.device, load_weights: bool = False) -> DualTower:
    """Make the model of `config`, with the weights of its folder where asked, or those that it names.

    Raises `ModelError` for an unknown or inconsistent architecture.
    """
    folder, file = Path(config.architecture), Path(config.pretrained)
    known = folder.is_dir()
    if not known and config.architecture not in open_clip.list_models():
        raise ModelError(
            f"no architecture {config.architecture!r}: give a folder with {ARCHITECTURE_FILE}, "
            "or a name that open_clip lists"
        )
    if known and config.pretrained and not file.is_file():
        raise ModelError(f"no weights to start from at {file}")
    tag = None if known or file.is_file() else config.pretrained or None
    try:
        with _quietly():
            model = open_clip.create_model(
                f"local-dir:{folder}" if known else config.architecture,
                pretrained=tag,
                load_weights=load_weights or tag is not None,
                device=device,
            )
        if config.pretrained and tag is None:
            open_clip.load_checkpoint(model, str(file))
    except (RuntimeError, ValueError, TypeError, KeyError, AssertionError, OSError) as error:
        raise ModelError(f"open_clip cannot build {config.architecture}: {first_line(error)}") from error
    model.to(memory_format=torch.channels_last)
    preprocess = Preprocess.from_open_clip(open_clip.get_model_preprocess_cfg(model), model=config.architecture)
    return DualTower(model, _tokenizer(config, model), preprocess)


@contextmanager
def _quietly() -> Iterator[None]:
    """Without open_clip's warning that random weights are random."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def architecture_of(name: str, tower: DualTower) -> dict[str, Any]:
    """`model_cfg` and `preprocess_cfg` of an architecture, as open_clip reads them from a folder."""
    folder = Path(name)
    if folder.is_dir():
        facts: dict[str, Any] = json.loads((folder / ARCHITECTURE_FILE).read_text(encoding="utf-8"))
        return facts
    model_cfg = open_clip.get_model_config(name)
    return {"model_cfg": model_cfg, "preprocess_cfg": open_clip.get_model_preprocess_cfg(tower.model)}


def _tokenizer(config: ModelConfig, model: open_clip.CLIP) -> Tokenize:
    length, size = model.context_length, model.vocab_size
    if not config.vocabulary:
        tokenizer: Tokenize = open_clip.get_tokenizer(config.architecture, context_length=length)
        return tokenizer
    if config.vocabulary == DEMO:
        from retrieval.demo.captions import vocabulary

        words = WordTokenizer.of_words(vocabulary(), context_length=length)
    else:
        words = WordTokenizer.read(Path(config.vocabulary), context_length=length)
    if len(words.tokens) != size:
        raise ModelError(
            f"the vocabulary {config.vocabulary!r} has {len(words.tokens)} tokens and the text tower {size}: "
            f"set text_cfg.vocab_size to {len(words.tokens)}"
        )
    return words
