"""Unknown words in captions, so that a query may hold words that no caption has."""

from __future__ import annotations

import torch

from retrieval.encoders.bundled.tokenizer import WordTokenizer


def hide_words(tokens: torch.Tensor, tokenizer: WordTokenizer, *, rate: float, seed: int) -> torch.Tensor:
    """Replace each word of int64 (n, context_length) by the unknown word with probability `rate`."""
    chance = torch.rand(tokens.shape, generator=torch.Generator().manual_seed(seed))
    words = (tokens >= tokenizer.first_word_id) & (tokens < len(tokenizer.tokens) - 1)
    return torch.where(words & (chance < rate), tokenizer.unknown_id, tokens)
