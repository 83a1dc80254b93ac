"""The model that comes with the package: small, trained on the demo world, and there without a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retrieval.errors import ModelError

if TYPE_CHECKING:
    import torch

FOLDER = Path(__file__).parent
WEIGHTS = FOLDER / "model.safetensors"
VOCABULARY = FOLDER / "vocabulary.txt"


def load() -> tuple[torch.nn.Module, Callable[[Sequence[str]], torch.Tensor], dict[str, Any]]:
    """The model in evaluation mode (float32, CPU), its tokenizer and its preprocessing.

    The model has open_clip's `encode_image(float32 (n, 3, s, s), normalize=...)` and `encode_text(int64 (n, context))`;
    `tokenize(texts)` gives int64 (n, context) and takes any text. The preprocessing holds open_clip's keys: `size` (s),
    `mean`, `std` (of pixels in [0, 1]), `interpolation` and `resize_mode` ("shortest": resize, then crop the middle).
    Raises `ModelError` where a file is missing or does not fit.
    """
    import open_clip

    from retrieval.encoders.bundled.tokenizer import WordTokenizer

    missing = [path.name for path in (WEIGHTS, VOCABULARY) if not path.is_file()]
    if missing:
        raise ModelError(f"the bundled model has no {' and no '.join(missing)} in {FOLDER}: install the package again")
    try:
        model = open_clip.create_model(f"local-dir:{FOLDER}")
    except (RuntimeError, ValueError) as error:
        raise ModelError(
            f"the bundled model in {FOLDER} cannot be loaded ({error}): install the package again"
        ) from error
    tokenizer = WordTokenizer.read(VOCABULARY, context_length=model.context_length)
    return model.eval(), tokenizer, dict(open_clip.get_model_preprocess_cfg(model))
