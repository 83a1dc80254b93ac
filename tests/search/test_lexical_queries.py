"""Words of texts and of queries, what the modes need, and the fusion of two rankings: by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from retrieval.errors import InputError
from retrieval.metadata.lexical.query import LexicalQuery, parse_query
from retrieval.metadata.lexical.words import document_words, words_of
from retrieval.search.candidates import Candidates
from retrieval.search.fusion import reciprocal_rank_fusion
from retrieval.search.lexical import lexical_query
from retrieval.search.options import SearchOptions
from retrieval.search.query import Image, Text


def test_words_and_queries_by_hand():
    assert words_of("Élan, t-shirt (№ 7) — naïve_ß 日本 🚀\0") == [
        "elan",
        "t",
        "shirt",
        "no",
        "7",
        "naive",
        "ss",
        "日本",
    ]
    assert document_words(["a b", "…", "a b"], {"title": "C"}) == ["c", "ª", "a", "b", "ª"]
    assert document_words([], {"title": ["C"]}) == []
    assert parse_query('the "Red dress" of silk -"t-shirt" -blue well-known') == LexicalQuery(
        ("red", "dress", "silk", "well", "known"), (("red", "dress"),), (("t", "shirt"), ("blue",))
    )
    assert parse_query("to be or not to be") == LexicalQuery(("to", "be", "or", "not"))
    assert parse_query('-a "🚀" AND* ("NEAR(') == LexicalQuery(("near",), (), (("a",),))


def test_what_modes_need_and_refuse():
    picture = Image(None)
    assert lexical_query("vector", [(picture, 1.0)]) is None
    assert lexical_query("hybrid", [(picture, 1.0), (Text("red"), 2.0), (Text("blue"), -1.0)]).words == ("red",)
    assert lexical_query("hybrid", [(Text("🚀"), 1.0)]).words == ()
    for mode, terms, message in (
        ("lexical", [(picture, 1.0)], "give a text"),
        ("hybrid", [(Text("red"), -1.0)], "give a text"),
        ("lexical", [(picture, 1.0), (Text("red"), 1.0)], "words alone"),
        ("lexical", [(Text("red"), 0.5)], "words alone"),
        ("lexical", [(Text("-red 🚀"), 1.0)], "no words"),
    ):
        with pytest.raises(InputError, match=message):
            lexical_query(mode, terms)
    for options, message in (
        ({"mode": "hybrid", "min_score": 0.2}, "min_score"),
        ({"mode": "lexical", "diversity": 0.2}, "diversity"),
        ({"mode": "lexical", "exact": True}, "of vectors"),
        ({"mode": "lexical", "lexical_weight": 2.0}, "with mode hybrid"),
        ({"mode": "hybrid", "lexical_weight": math.nan}, "0 to 10"),
        ({"mode": "bm25"}, "one of vector, lexical, hybrid"),
    ):
        with pytest.raises(InputError, match=message):
            SearchOptions(**options)


def candidates(*keys: int) -> Candidates:
    return Candidates(np.array(keys, np.int64), np.zeros(len(keys), np.float32))


def test_reciprocal_rank_fusion_by_hand():
    fused = reciprocal_rank_fusion(candidates(7, 5, 9), candidates(5, 7, 2), lexical_weight=1.0)
    assert fused.keys.tolist() == [5, 7, 2, 9]  # 5 and 7 tie, so do 2 and 9: the lower key comes first
    assert fused.scores.tolist() == pytest.approx([1 / 61 + 1 / 62, 1 / 61 + 1 / 62, 1 / 63, 1 / 63])
    assert fused.ranks.tolist() == [[2, 1], [1, 2], [0, 3], [3, 0]]
    assert fused.first(3).ranks_by_ranking()[1:] == [{"vector": 1, "lexical": 2}, {"lexical": 3}]
    weighted = reciprocal_rank_fusion(candidates(7, 5, 9), candidates(5, 7, 2), lexical_weight=0.5)
    assert weighted.keys.tolist() == [7, 5, 9, 2]
    assert weighted.scores.tolist() == pytest.approx([1 / 61 + 0.5 / 62, 1 / 62 + 0.5 / 61, 1 / 63, 0.5 / 63])
    assert len(reciprocal_rank_fusion(candidates(), candidates())) == 0
