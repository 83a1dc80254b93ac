"""The tokenizer that belongs to a text tower, and its identity."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import torch

from retrieval.encoders import hub
from retrieval.encoders.messages import first_line
from retrieval.encoders.probes import TEXTS
from retrieval.errors import ModelError

VOCABULARY = "vocabulary.txt"
HUB_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "config.json")
DEFAULT_CONTEXT = 77


class Tokenizer(Protocol):
    """Texts to token ids, int64 (n, context length), each row padded after its end token."""

    def __call__(self, texts: list[str], /) -> torch.Tensor:
        """Tokenize n texts."""


def build_tokenizer(text_cfg: Mapping[str, Any], folder: Path | None, *, model: str) -> Tokenizer:
    """The tokenizer of an open_clip text configuration, or the one that lies in the model's folder.

    Raises `ModelError` when its files cannot be had.
    """
    length = int(text_cfg.get("context_length", DEFAULT_CONTEXT))
    if folder is not None and (folder / VOCABULARY).is_file():
        from retrieval.encoders.bundled.tokenizer import WordTokenizer

        return WordTokenizer.read(folder / VOCABULARY, context_length=length)
    arguments = dict(text_cfg.get("tokenizer_kwargs") or {})
    repo = text_cfg.get("hf_tokenizer_name")
    if not repo:
        return _open_clip_tokenizer(length, **arguments)
    from open_clip.tokenizer import HFTokenizer

    if folder is None or not (folder / HUB_FILES[0]).is_file():
        remedy = f"Copy its files ({', '.join(HUB_FILES)}) into a folder with the weights and give that as --model"
        folder = hub.fetch_folder(str(repo), HUB_FILES, wanted=f"the tokenizer of {model}", remedy=remedy)
    mode = text_cfg.get("tokenizer_mode")
    try:
        return HFTokenizer(str(folder), context_length=length, tokenizer_mode=mode, **arguments)  # type: ignore[no-any-return]
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise ModelError(f"the tokenizer of {model} cannot be loaded from {folder}: {first_line(error)}") from error


def identity(tokenizer: Tokenizer) -> str:
    """A short name for what a tokenizer does: its class, its vocabulary, and what it makes of the probe texts.

    Equal for two tokenizers that give the same ids; the file or the folder that one came from does not matter.
    """
    digest = hashlib.sha256(tokenizer([*TEXTS, "", "Ünïcode 你好 <tag> &amp;   2 spaces\n" * 20]).numpy().tobytes())
    digest.update("\0".join(_vocabulary(tokenizer)).encode("utf-8", "surrogatepass"))
    return f"{type(tokenizer).__name__}:{digest.hexdigest()}"


@cache
def _open_clip_tokenizer(length: int, **arguments: Any) -> Tokenizer:
    """open_clip's own, which takes a fifth of a second to read its vocabulary and may be shared."""
    from open_clip import SimpleTokenizer

    return SimpleTokenizer(context_length=length, **arguments)  # type: ignore[no-any-return]


def _vocabulary(tokenizer: Any) -> list[str]:
    """All tokens by id, where the tokenizer tells them: open_clip's own, Hugging Face's, word lists."""
    if hasattr(tokenizer, "tokens"):
        return list(tokenizer.tokens)
    inner: Any = getattr(tokenizer, "tokenizer", None)
    ids: dict[str, int] = inner.get_vocab() if hasattr(inner, "get_vocab") else getattr(tokenizer, "encoder", {})
    return sorted(ids, key=ids.__getitem__)
