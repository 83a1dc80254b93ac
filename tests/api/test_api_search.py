"""Searching over HTTP finds what the library finds, whichever way it is asked."""

from __future__ import annotations

import base64

import numpy as np
import orjson
import pytest
from api_service import PHOTOS, doc_ids, error, fill, fill_vectors, serving, settings_for
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from api.wire import schemas
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


@pytest.fixture
def red(folder):
    return (folder / "pictures" / "red" / "0.png").read_bytes()


def same(response, expected):
    """The response has the shape that is documented, and the library's hits."""
    assert response.status_code == 200, response.text
    body = schemas.SearchResponse.model_validate_json(response.content)
    assert [hit.model_dump() for hit in body.hits] == [
        {
            "doc_id": hit.doc_id,
            "score": pytest.approx(hit.score, abs=1e-6),
            "rank": hit.rank,
            "captions": list(hit.captions),
            "attributes": hit.attributes,
            "ranks": hit.ranks,
            "width": 48,
            "height": 48,
        }
        for hit in expected.hits
    ]
    assert body.plan == schemas.Plan(
        strategy=expected.plan.strategy,
        ef_search=expected.plan.ef_search,
        searched=expected.plan.searched,
        allowed=expected.plan.allowed,
        generation=expected.plan.generation,
        certified=expected.plan.certified,
        certified_at=expected.plan.certified_at,
        mode=expected.plan.mode,
        depth=expected.plan.depth,
    )


def test_text_by_address_and_by_body(client, library):
    expected = library.search("a blue shirt", k=4, filter="price > 0")
    asked = {"k": 4, "filter": "price > 0", "ef_search": 32, "exact": True}
    same(client.get(f"{PHOTOS}/search", params={"q": "a blue shirt", **asked}), expected)
    same(client.post(f"{PHOTOS}/search", json={"text": "a blue shirt", **asked}), expected)
    assert expected.hits[0].attributes["colour"] == "blue"


def test_a_recall_can_be_asked_for(client, library):
    asked = {"k": 4, "target_recall": 0.99}
    expected = library.search("a blue shirt", **asked)
    same(client.get(f"{PHOTOS}/search", params={"q": "a blue shirt", **asked}), expected)
    same(client.post(f"{PHOTOS}/search", json={"text": "a blue shirt", **asked}), expected)
    both = client.post(f"{PHOTOS}/search", json={"text": "a blue shirt", "ef_search": 9, **asked})
    assert (both.status_code, "give one of the two" in both.text) == (422, True)


def test_options_beyond_the_nearest(client, library, red):
    asked = {"k": 4, "min_score": 0.1, "diversity": 0.4, "group_by": "colour"}
    fields = {name: str(value) for name, value in asked.items()}
    same(client.get(f"{PHOTOS}/search", params={"q": "a red shirt", **asked}), library.search("a red shirt", **asked))
    same(client.post(f"{PHOTOS}/search", json={"text": "red", **asked}), library.search("red", **asked))
    uploaded = client.post(f"{PHOTOS}/search/image", files={"image": red}, data=fields)
    same(uploaded, library.search(image=red, **asked))
    same(
        client.get(f"{PHOTOS}/similar", params={"doc_id": "red/0.png", **asked}), library.similar("red/0.png", **asked)
    )
    colours = [hit["attributes"]["colour"] for hit in uploaded.json()["hits"]]
    assert colours[0] == "red"
    assert len(set(colours)) == len(colours)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"min_score": 2}, "min_score"),
        ({"diversity": 1.01}, "diversity"),
        ({"group_by": ""}, "group_by"),
        ({"group_by": "colours"}, "group_by: no item has an attribute colours; did you mean colour"),
    ],
)
def test_options_out_of_range(client, asked, message):
    assert message in error(client.post(f"{PHOTOS}/search", json={"text": "red", **asked}), 422)["message"]


def test_a_weak_match_is_told(client, library):
    assert client.get(f"{PHOTOS}/search", params={"q": "red"}).json()["match"] is None
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("retrieval.search.background.LEAST_SAMPLE", 10)
        assert client.get(f"{PHOTOS}/search", params={"q": "a red shirt"}).json()["match"]["weak"] is False
        unknown = client.get(f"{PHOTOS}/search", params={"q": "the annual report of a bank"}).json()["match"]
        assert unknown == {"percentile": 0.0, "weak": True}


def test_timings_name_the_stages(client, red):
    by_text = client.post(f"{PHOTOS}/search", json={"text": "red"}).json()["timings"]
    by_image = client.post(f"{PHOTOS}/search/image", files={"image": red}).json()["timings"]
    assert set(by_text) == {"queue", "encode", "filter", "search", "match", "metadata"}
    assert set(by_image) == {"decode", *by_text}
    assert all(0 <= seconds < 10 for seconds in by_image.values())


def test_image_uploaded_and_in_base64(client, library, red):
    expected = library.search(image=red, k=3)
    assert expected.hits[0].doc_id == "red/0.png"
    encoded = base64.b64encode(red).decode()
    same(client.post(f"{PHOTOS}/search/image", files={"image": ("any name.txt", red)}, data={"k": "3"}), expected)
    same(client.post(f"{PHOTOS}/search", json={"image": encoded, "k": 3}), expected)
    same(client.post(f"{PHOTOS}/search", json={"image": f"data:image/png;base64,{encoded}", "k": 3}), expected)


def test_image_with_text_and_filter(client, library, red):
    expected = library.search("blue", image=red, k=5, filter='colour != "red"')
    fields = {"text": "blue", "k": "5", "filter": 'colour != "red"'}
    same(client.post(f"{PHOTOS}/search/image", files={"image": red}, data=fields), expected)


def test_empty_form_fields_count_as_absent(client, library, red):
    fields = {"text": "", "filter": "", "ef_search": ""}
    same(client.post(f"{PHOTOS}/search/image", files={"image": red}, data=fields), library.search(image=red))


def test_a_weighted_mix(client, library):
    terms = [Weighted(Document("red/1.png")), Weighted(Text("green"), 0.8), Weighted(Text("blue"), -0.5)]
    sent = [{"doc_id": "red/1.png"}, {"text": "green", "weight": 0.8}, {"text": "blue", "weight": -0.5}]
    same(client.post(f"{PHOTOS}/search", json={"terms": sent}), library.search(terms=terms))
    assert doc_ids(client.post(f"{PHOTOS}/search", json={"text": "red", "terms": sent})) == [
        hit.doc_id for hit in library.search("red", terms=terms).hits
    ]


def test_vector_of_any_length(client, library):
    vector = library.vectors(["green/2.png"])[0]
    same(client.post(f"{PHOTOS}/search", json={"vector": vector.tolist(), "k": 3}), library.search(vector=vector, k=3))
    scaled = (1e20 * vector.astype(np.float64)).tolist()
    assert doc_ids(client.post(f"{PHOTOS}/search", json={"vector": scaled, "k": 1})) == ["green/2.png"]


def test_similar_leaves_the_document_out(client, library):
    response = client.get(f"{PHOTOS}/similar", params={"doc_id": "red/0.png", "k": 2, "filter": "price < 100"})
    same(response, library.similar("red/0.png", k=2, filter="price < 100"))
    assert set(doc_ids(response)) == {"red/1.png", "red/2.png"}


def test_captions_of_a_picture(client, library, red):
    response = client.post(f"{PHOTOS}/captions", files={"image": red}, data={"k": "3"})
    assert response.status_code == 200, response.text
    found = schemas.CaptionsResponse.model_validate_json(response.content).captions
    assert [(one.caption, one.doc_id, one.rank) for one in found] == [
        (hit.caption, hit.doc_id, hit.rank) for hit in library.captions(red, k=3)
    ]
    assert {one.caption for one in found} == {"a red shirt"}
    form = {"k": "5", "filter": "price > 0 and colour = 'blue'"}
    filtered = client.post(f"{PHOTOS}/captions", files={"image": red}, data=form).json()["captions"]
    assert sorted(one["doc_id"] for one in filtered) == ["blue/1.png", "blue/2.png"]
    assert {one["caption"] for one in filtered} == {"a blue shirt"}


def test_more_hits_than_there_are(client, library):
    assert len(doc_ids(client.get(f"{PHOTOS}/search", params={"q": "red", "k": 1000}))) == len(library)
    assert doc_ids(client.get(f"{PHOTOS}/search", params={"q": "red", "filter": "price > 1000"})) == []


def test_vectors_from_elsewhere_need_no_model(client):
    assert doc_ids(client.get("/v1/collections/vectors/similar", params={"doc_id": "v1", "k": 4}))[-1:] != ["v1"]
    assert doc_ids(client.post("/v1/collections/vectors/search", json={"doc_id": "v1", "k": 1})) == ["v1"]


def test_responses_are_compact_json(client):
    response = client.get(f"{PHOTOS}/search", params={"q": "red"})
    assert response.headers["content-type"] == "application/json"
    assert response.content == orjson.dumps(response.json())


# -------------------------------------------------------------- by words, and by both


def test_words_and_both_find_what_the_library_finds(client, library, red):
    by_words = client.get(f"{PHOTOS}/search", params={"q": "blue shirts", "mode": "lexical", "k": 5})
    same(by_words, library.search("blue shirts", mode="lexical", k=5))
    assert {hit["attributes"]["colour"] for hit in by_words.json()["hits"][:3]} == {"blue"}
    assert by_words.json()["plan"]["mode"] == "lexical"
    assert "encode" not in by_words.json()["timings"]
    fields = {"text": "blue shirt", "mode": "hybrid", "lexical_weight": "0.5", "k": "4"}
    expected = library.search("blue shirt", image=red, mode="hybrid", lexical_weight=0.5, k=4)
    same(client.post(f"{PHOTOS}/search/image", files={"image": red}, data=fields), expected)
    terms = [{"text": "blue shirt"}, {"doc_id": "red/0.png", "weight": -0.5}]
    weighted = [Weighted(Text("blue shirt")), Weighted(Document("red/0.png"), -0.5)]
    found = client.post(f"{PHOTOS}/search", json={"terms": terms, "mode": "hybrid"})
    same(found, library.search(terms=weighted, mode="hybrid"))


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
