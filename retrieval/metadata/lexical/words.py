"""What a word is, and which of them a document has.

Texts are cut here, so that both databases see the same words; only stemming (running, runs: run) is the database's.
The SQLite index forgets a document by being told its words again: this file must go on giving the same ones. Changing
it takes a migration that fills the indexes anew.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

WORD = re.compile(r"[^\W_]+")
LONGEST_WORD = 40
"""Characters of a word that count."""
MOST_WORDS = 5_000
"""Words of a document that count: what a tsvector (1 MiB) takes."""
BREAK = "ª"
"""Stands between two texts of a document, so that no phrase runs across. Normal form KD has it no more (it is an a)."""
STOP_WORDS = frozenset(
    {
        "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no", "not",
        "of", "on", "or", "such", "that", "the", "their", "then", "there", "these", "they", "this", "to", "was", "will",
        "with",
    }
)  # fmt: skip
"""Lucene's (`EnglishAnalyzer`): next to all documents have them, so they cost most and tell least."""


def words_of(text: str) -> list[str]:
    """The words of a text, in order: runs of letters and digits, without case and accents."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text.casefold())
        text = "".join(one for one in decomposed if not unicodedata.category(one).startswith("M"))
    return [word[:LONGEST_WORD] for word in WORD.findall(text.lower())]


def document_words(captions: Sequence[str], attributes: Mapping[str, Any]) -> list[str]:
    """The words of a document's title and of its captions, each text once, with a `BREAK` after each."""
    title = attributes.get("title")
    texts = dict.fromkeys([title, *captions] if isinstance(title, str) else captions)
    found: list[str] = []
    for text in texts:
        if words := words_of(text):
            found += [*words, BREAK]
    return found[:MOST_WORDS]
