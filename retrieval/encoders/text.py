"""The text half of a dual tower, run over no more tokens than the longest text of a batch has.

open_clip always runs its full context (77 tokens); a query has about ten. Where every token sees only those before it
(a causal tower) and the embedding is read at the end token, what follows cannot matter and is cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

STEP = 8
"""Lengths are rounded up to a multiple of this, the granularity of matrix kernels."""


@dataclass(frozen=True, slots=True)
class CutText:
    """Runs a causal open_clip text tower on its first tokens only; `text` holds its parts."""

    text: Any
    end_id: int | None

    def __call__(self, tokens: Tensor) -> Tensor:
        """Token ids int64 (n, context) -> embeddings (n, dim), not normalised."""
        text = self.text
        ends = end_positions(tokens, self.end_id)
        length = min(-(-(int(ends.max()) + 1) // STEP) * STEP, tokens.shape[1])
        dtype = text.positional_embedding.dtype
        hidden = text.token_embedding(tokens[:, :length]).to(dtype) + text.positional_embedding[:length]
        hidden = text.transformer(hidden, attn_mask=text.attn_mask[:length, :length])
        pooled: Tensor = text.ln_final(hidden[torch.arange(len(tokens), device=tokens.device), ends])
        projection = text.text_projection
        if projection is None:
            return pooled
        projected: Tensor = projection(pooled) if isinstance(projection, torch.nn.Linear) else pooled @ projection
        return projected


def cut_text(model: Any) -> CutText | None:
    """The cutting form of a model's text tower, or None where it is not one that can be cut.

    Handles both layouts of open_clip: the parts of the tower in the model itself (`CLIP`), or in `model.text`.
    """
    text = getattr(model, "text", model)
    parts = ("token_embedding", "positional_embedding", "transformer", "ln_final", "text_projection", "attn_mask")
    if not all(hasattr(text, part) for part in parts) or getattr(text, "cls_emb", None) is not None:
        return None
    mask = text.attn_mask
    if mask is None or mask.ndim != 2 or not torch.equal(mask, torch.full_like(mask, float("-inf")).triu_(1)):
        return None
    pooling = getattr(text, "text_pool_type", None) or getattr(text, "pool_type", None)
    if pooling not in ("argmax", "eos"):
        return None
    end_id = getattr(text, "text_eos_id", getattr(text, "eos_id", None)) if pooling == "eos" else None
    return None if pooling == "eos" and end_id is None else CutText(text, end_id)


def end_positions(tokens: Tensor, end_id: int | None) -> Tensor:
    """Where each row is pooled, int64 (n,): its end token, or its highest id where the end token has no fixed one."""
    return tokens.argmax(dim=-1) if end_id is None else (tokens == end_id).int().argmax(dim=-1)
