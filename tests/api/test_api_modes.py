"""Searches by words and by both over HTTP: what the library finds, clear refusals, and no text that breaks anything."""

from __future__ import annotations

import pytest
from api_service import PHOTOS, doc_ids, error, fill, fill_vectors, serving, settings_for
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from retrieval.search.query import Document, Text, Weighted
from retrieval.workspace import Workspace

PIECES = [*"ab-\"'*():^+{}&|!<>\\\0 \n", "AND", "NOT", "NEAR", "🚀", "é", "日", "\u0301", "ª", "shirt"]
HOSTILE = st.lists(st.sampled_from(PIECES)).map("".join)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("catalogue")


@pytest.fixture(scope="module")
def library(folder):
    with Workspace(settings_for(folder)) as workspace:
        fill(workspace, folder)
        fill_vectors(workspace)
        yield workspace.open("photos")


@pytest.fixture(scope="module")
def client(folder, library):
    with serving(settings_for(folder)) as client:
        yield client


def test_words_and_both_find_what_the_library_finds(client, library, folder):
    by_words = client.get(f"{PHOTOS}/search", params={"q": "blue shirts", "mode": "lexical", "k": 5}).json()
    assert [(hit["doc_id"], hit["score"]) for hit in by_words["hits"]] == [
        (hit.doc_id, hit.score) for hit in library.search("blue shirts", mode="lexical", k=5).hits
    ]
    assert {hit["attributes"]["colour"] for hit in by_words["hits"][:3]} == {"blue"}
    assert by_words["plan"]["mode"] == "lexical"
    assert "encode" not in by_words["timings"]
    picture = (folder / "pictures" / "red" / "0.png").read_bytes()
    fields = {"text": "blue shirt", "mode": "hybrid", "lexical_weight": "0.5", "k": "4"}
    expected = library.search("blue shirt", image=picture, mode="hybrid", lexical_weight=0.5, k=4).hits
    found = client.post(f"{PHOTOS}/search/image", files={"image": picture}, data=fields).json()
    assert [(hit["doc_id"], hit["ranks"]) for hit in found["hits"]] == [(hit.doc_id, hit.ranks) for hit in expected]
    terms = [{"text": "blue shirt"}, {"doc_id": "red/0.png", "weight": -0.5}]
    given = [Weighted(Text("blue shirt")), Weighted(Document("red/0.png"), -0.5)]
    found = client.post(f"{PHOTOS}/search", json={"terms": terms, "mode": "hybrid"})
    assert doc_ids(found) == [hit.doc_id for hit in library.search(terms=given, mode="hybrid").hits]


def test_a_collection_without_a_model_is_searched_by_words(client):
    found = client.get("/v1/collections/vectors/search", params={"q": "anything", "mode": "lexical"})
    assert (found.status_code, found.json()["hits"]) == (200, [])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"doc_id": "red/0.png", "mode": "lexical"}, "give a text"),
        ({"doc_id": "red/0.png", "mode": "hybrid"}, "give a text"),
        ({"text": "red", "doc_id": "red/0.png", "mode": "lexical"}, "words alone"),
        ({"text": "🚀", "mode": "lexical"}, "no words"),
        ({"text": "red", "mode": "hybrid", "min_score": 0.5}, "min_score"),
        ({"text": "red", "mode": "lexical", "ef_search": 64}, "of vectors"),
        ({"text": "red", "lexical_weight": 2.0}, "mode hybrid"),
        ({"text": "red", "mode": "fuzzy"}, "mode"),
    ],
)
def test_what_does_not_go_together_is_refused(client, body, message):
    assert message in error(client.post(f"{PHOTOS}/search", json=body), 422)["message"]


@given(text=HOSTILE, mode=st.sampled_from(["lexical", "hybrid"]), filtered=st.booleans())
@hypothesis_settings(max_examples=150, deadline=None)
def test_no_text_breaks_a_search(client, text, mode, filtered):
    body = {"text": text, "mode": mode, **({"filter": "price > 0"} if filtered else {})}
    assert client.post(f"{PHOTOS}/search", json=body).status_code in (200, 422)
