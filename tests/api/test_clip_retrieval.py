"""clip-retrieval's own client, as it is published, against the service; and what its front end sends."""

from __future__ import annotations

import json
import urllib.request
from importlib.metadata import distribution
from importlib.util import module_from_spec, spec_from_file_location
from urllib.parse import parse_qs, urlsplit

import pytest
from api_service import add, error, photos_in, serving, settings_for
from server import running

from api.clip_retrieval import examples, requests, schemas
from retrieval.duplicates import near_duplicates
from retrieval.metadata import api_keys
from retrieval.types import CatalogRecord
from retrieval.workspace import Workspace


@pytest.fixture(scope="module")
def clip_client():
    """The module of the class; its package imports Flask and much else that the client itself does without."""
    path = distribution("clip-retrieval").locate_file("clip_retrieval/clip_client.py")
    spec = spec_from_file_location("clip_client", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return photos_in(tmp_path_factory.mktemp("catalogue"), vectors=True)


@pytest.fixture(scope="module")
def url(folder):
    with running(folder) as (_, url):
        yield url


@pytest.fixture
def ask(clip_client, url):
    """A client of the service, with options of its own."""

    def client(server=url, **options):
        return clip_client.ClipClient(**{"url": f"{server}/knn-service", "indice_name": "photos", **options})

    return client


@pytest.fixture(scope="module")
def client(folder):
    with serving(settings_for(folder), max_k=10, cors_origins=("https://front.example",)) as client:
        yield client


def colours(results) -> list[str]:
    return [result["colour"] for result in results]


def test_a_text_finds_pictures_with_their_metadata(ask):
    results = ask(num_images=3, deduplicate=False).query(text="a red shirt")
    assert colours(results) == ["red", "red", "red"]
    assert all(type(result["id"]) is int for result in results)
    assert len({result["id"] for result in results}) == 3
    assert [result["similarity"] for result in results] == sorted((r["similarity"] for r in results), reverse=True)
    assert {result["caption"] for result in results} == {"a red shirt"}
    with urllib.request.urlopen(results[0]["url"]) as picture:
        assert picture.headers["content-type"] == "image/webp"


def test_of_pictures_that_are_nearly_the_same_the_best_is_left(ask, folder):
    every = ask(deduplicate=False).query(text="a red shirt")
    with Workspace(settings_for(folder)) as workspace, workspace.open("photos") as photos:
        groups = [set(group.doc_ids) for group in near_duplicates(photos, min_score=0.94)]
    assert {"red/0.png", "red/1.png", "red/2.png"} in groups
    expected, seen = [], set()
    for one in every:
        doc_id = parse_qs(urlsplit(one["url"]).query)["doc_id"][0]
        expected += [] if doc_id in seen else [one]
        seen |= next((group for group in groups if doc_id in group), set())
    assert len(expected) < len(every) == 18
    assert ask().query(text="a red shirt") == expected


def test_a_picture_and_an_embedding_find_their_like(ask, folder):
    path = folder / "pictures" / "blue" / "0.png"
    by_picture = ask(num_images=3, deduplicate=False).query(image=str(path))
    assert colours(by_picture) == ["blue", "blue", "blue"]
    with Workspace(settings_for(folder)) as workspace, workspace.open("photos") as photos:
        vector = photos.vectors(["blue/0.png"])[0].tolist()
    by_vector = ask(num_images=3, deduplicate=False).query(embedding_input=vector)
    assert [one["id"] for one in by_vector] == [one["id"] for one in by_picture]


def test_captions_are_searched_where_texts_are_wanted(ask, clip_client):
    results = ask(modality=clip_client.Modality.TEXT, num_images=4, deduplicate=False).query(text="a green shirt")
    assert colours(results)[:3] == ["green", "green", "green"]
    assert results[0]["similarity"] == pytest.approx(1, abs=1e-5)
    assert results[0]["caption"] == "a green shirt"


def test_what_cannot_be_done_is_refused_in_words(ask):
    refused = ask(use_mclip=True).query(text="ein rotes Hemd")
    assert refused["error"]["code"] == "invalid_input"
    assert "multilingual" in refused["error"]["message"]
    assert ask(indice_name="laion5B").query(text="red")["error"]["code"] == "not_found"
    assert "fetches no images" in ask().query(image="http://example.com/red.png")["error"]["message"]
    assert ask(indice_name="vectors").query(text="red")["error"]["code"] == "invalid_input"


def test_documents_without_pictures_have_no_url(ask):
    results = ask(indice_name="vectors", deduplicate=False).query(embedding_input=[1, 0, 0, 0])
    assert len(results) == 5
    assert all(set(result) == {"id", "similarity"} for result in results)


def test_a_key_is_the_password_of_the_address(ask, folder):
    with Workspace(settings_for(folder)) as workspace, workspace.database.write() as connection:
        key = api_keys.create(connection, name="reader", scope="write")[1]
    with running(folder, "--auth") as (_, url):
        assert ask(url).query(text="red")["error"]["code"] == "key_required"
        assert ask(url.replace("://", "://clip:no-key@")).query(text="red")["error"]["code"] == "invalid_key"
        assert colours(ask(url.replace("://", f"://clip:{key}@"), num_images=1).query(text="red")) == ["red"]


def test_a_password_opens_nothing_that_changes_something(folder):
    with Workspace(settings_for(folder)) as workspace, workspace.database.write() as connection:
        key = api_keys.create(connection, name="writer", scope="write")[1]
    with serving(settings_for(folder), auth=True) as client:
        assert client.get("/v1/jobs", auth=("", key)).status_code == 200
        assert error(client.post("/v1/jobs/1/cancel", auth=("", key)), 401)["code"] == "key_required"
        assert error(client.get("/v1/jobs", headers={"Authorization": "Basic ///"}), 401)["code"] == "key_required"


def front_end(client, path: str, body: dict):
    """A request as `fetch` sends it where it is given a string."""
    headers = {"content-type": "text/plain;charset=UTF-8", "origin": "https://front.example"}
    response = client.post(path, content=json.dumps(body), headers=headers)
    assert response.headers["access-control-allow-origin"] == "https://front.example"
    return response


def test_the_front_end_asks_for_metadata_as_it_goes(client):
    assert client.get("/indices-list").json() == ["photos", "vectors"]
    query = {
        "text": "a red shirt", "image": None, "image_url": None, "embedding_input": None, "modality": "image",
        "num_images": 2, "indice_name": "photos", "num_result_ids": 3000, "use_mclip": False, "deduplicate": False,
        "use_safety_model": True, "use_violence_detector": True, "aesthetic_score": "", "aesthetic_weight": "0.5",
    }  # fmt: skip
    results = front_end(client, "/knn-service", query).json()
    assert len(results) == 10, "the most that this server gives"
    assert ["url" in result for result in results] == [True] * 2 + [False] * 8
    ids = [result["id"] for result in results]
    more = front_end(client, "/metadata", {"ids": ids, "indice_name": "photos"}).json()
    assert [one["id"] for one in more] == ids
    assert {**more[0]["metadata"], "id": ids[0], "similarity": results[0]["similarity"]} == results[0]
    assert front_end(client, "/metadata", {"ids": [], "indice_name": "photos"}).json() == []
    assert error(front_end(client, "/knn-service", {**query, "text": ""}), 422)["code"] == "invalid_input"


def test_an_id_names_one_version_of_a_document(client, folder):
    with Workspace(settings_for(folder)) as workspace:
        picture = str(folder / "pictures" / "red" / "0.png")

        def stored(**attributes) -> int:
            add(workspace, "changing", [CatalogRecord("a", picture, attributes=attributes)])
            query = {"text": "red", "modality": "image", "num_images": 1, "indice_name": "changing"}
            (found,) = client.post("/knn-service", json=query).json()
            assert found.items() >= attributes.items()
            return found["id"]

        first, second = stored(price=1), stored(price=2)
        answer = client.post("/metadata", json={"ids": [first, second, 2**62], "indice_name": "changing"})
        assert [one["id"] for one in answer.json()] == [second]
        workspace.delete("changing")


def test_what_metadata_says_of_itself_counts(client, folder):
    with Workspace(settings_for(folder)) as workspace:
        picture = str(folder / "pictures" / "red" / "0.png")
        add(workspace, "web", [CatalogRecord("a", picture, ("red",), {"url": "https://shop.example/a.jpg"})])
        query = {"text": "red", "modality": "image", "num_images": 1, "indice_name": "web"}
        (found,) = client.post("/knn-service", json=query).json()
        assert (found["url"], found["caption"]) == ("https://shop.example/a.jpg", "red")
        workspace.delete("web")


def test_a_document_comes_once_with_its_best_caption(client, folder):
    with Workspace(settings_for(folder)) as workspace:
        query = {"text": "a blue shirt", "modality": "text", "num_images": 5, "indice_name": "worded"}
        pictures = [str(folder / "pictures" / colour / "0.png") for colour in ("red", "green")]
        captions = [("a red shirt", "a blue shirt", "a bluish shirt"), ("a green shirt",)]
        add(workspace, "worded", [CatalogRecord(*each) for each in zip("ab", pictures, captions, strict=True)])
        found = client.post("/knn-service", json=query).json()
        assert [one["caption"] for one in found] == ["a blue shirt", "a green shirt"]
        workspace.open("worded").delete(["a", "b"])
        for modality in ("text", "image"):
            assert client.post("/knn-service", json={**query, "modality": modality, "deduplicate": True}).json() == []
        workspace.delete("worded")


def test_the_documented_examples_are_valid():
    requests.KnnRequest.model_validate(examples.KNN_REQUEST)
    requests.MetadataRequest.model_validate(examples.METADATA_REQUEST)
    schemas.KnnResponse.model_validate(examples.KNN)
    schemas.MetadataResponse.model_validate(examples.METADATA_ANSWER)
