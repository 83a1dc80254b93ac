"""The ranking of documents by the words of a query: BM25 over titles and captions."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing

from sqlalchemy import Connection

from retrieval.errors import InputError
from retrieval.index.generation import Allowed, GenerationView
from retrieval.metadata.lexical.index import text_index
from retrieval.metadata.lexical.query import LexicalQuery, parse_query
from retrieval.search.candidates import Candidates
from retrieval.search.query import Text
from retrieval.types import FloatArray, KeyArray, Mode


def lexical_query(mode: Mode, terms: Iterable[tuple[object, float]]) -> LexicalQuery | None:
    """What a search in this mode looks for by words, from its terms and their weights; None for mode "vector".

    Raises:
        InputError: there is no text, or no word in it; or mode "lexical" would leave something of the query aside.
    """
    if mode == "vector":
        return None
    terms = list(terms)
    texts = [term.text for term, weight in terms if isinstance(term, Text) and weight > 0]
    if not texts:
        raise InputError(f"mode {mode} looks for words: give a text, or leave the mode out")
    if mode == "lexical" and (len(texts) < len(terms) or any(weight != 1 for _, weight in terms)):
        raise InputError(
            "mode lexical compares words alone, all of one weight: leave other terms and weights out, or ask for hybrid"
        )
    query = parse_query(" ".join(texts))
    if mode == "lexical" and not query.words:
        raise InputError("the text has no words to look for: write letters or digits, and not with a minus alone")
    return query


def best_by_words(
    connection: Connection,
    view: GenerationView,
    collection_id: int,
    query: LexicalQuery,
    *,
    k: int,
    allowed: Allowed | None,
) -> Candidates:
    """The k live documents that match best, of those allowed; the connection is of the view's state."""
    parts: list[tuple[KeyArray, FloatArray]] = []
    if not query.words:
        return Candidates.joined(parts)
    # How many of the best a filter leaves is not known before they are looked at.
    most = k if allowed is None else None
    with closing(text_index(connection, collection_id).ranked(query, most=most)) as ranking:
        for keys, scores in ranking:
            rows = slice(None) if allowed is None else view.among(keys, allowed)
            parts.append((keys[rows], scores[rows]))
            if sum(len(keys) for keys, _ in parts) >= k:
                break
    return Candidates.joined(parts).first(k)
