"""From what a user typed to what a full-text index is asked for. Every text is a query; none is a mistake."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from retrieval.metadata.lexical.words import STOP_WORDS, words_of

MOST_PARTS = 64
"""Words of a text that count, phrases, and words of each: databases limit the size of an expression."""
_PART = re.compile(r'(?P<minus>(?<!\S)-)?(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+))')

Part = TypeVar("Part")
Phrase: TypeAlias = tuple[str, ...]
"""Words that follow one another; may be a single one."""


@dataclass(frozen=True, slots=True)
class LexicalQuery:
    """Documents with any of the `words`, with all `phrases` and with none that is `excluded`; ranked by the words.

    `words` are distinct and hold those of the phrases; without any, nothing is found.
    """

    words: tuple[str, ...]
    phrases: tuple[Phrase, ...] = ()
    excluded: tuple[Phrase, ...] = ()


def parse_query(text: str) -> LexicalQuery:
    """The query of a text: words, "phrases" in quotes, and -words or -"phrases" that are not to be there.

    Stop words are left out where there are others. What has no letters or digits has no meaning.
    """
    wanted: list[str] = []
    phrases: list[Phrase] = []
    excluded: list[Phrase] = []
    for part in _PART.finditer(text):
        words = tuple(words_of(part["phrase"] or part["word"] or ""))[:MOST_PARTS]
        if part["minus"]:
            excluded.append(words)
            continue
        wanted += words
        if part["phrase"]:
            phrases.append(words)
    telling = [word for word in wanted if word not in STOP_WORDS]
    return LexicalQuery(
        _distinct(telling or wanted), _distinct(filter(None, phrases)), _distinct(filter(None, excluded))
    )


def _distinct(parts: Iterable[Part]) -> tuple[Part, ...]:
    return tuple(dict.fromkeys(parts))[:MOST_PARTS]
