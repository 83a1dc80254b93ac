"""More searches than can be served, and ones that take too long: what is refused, and what is not done any more."""

from __future__ import annotations

import gc
import io
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from api_service import PHOTOS, doc_ids, error, photos_in, serving, settings_for, wait_until
from PIL import Image

from retrieval.images import decode
from retrieval.search.engine import SearchEngine

SIMILAR = f"{PHOTOS}/similar?doc_id=red/0.png&k=3"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return photos_in(tmp_path_factory.mktemp("catalogue"))


@pytest.fixture
def held(monkeypatch):
    """Searches wait until they are let go; `begun` counts those that a thread has taken up."""

    class Held:
        begun = 0
        let_go = threading.Event()

    search_many = SearchEngine.search_many

    def wait(self, *arguments, **options):
        held.begun += 1
        held.let_go.wait(20)
        return search_many(self, *arguments, **options)

    held = Held()
    monkeypatch.setattr(SearchEngine, "search_many", wait)
    yield held
    held.let_go.set()


def metric(client, name: str) -> float:
    lines = dict(line.rpartition(" ")[::2] for line in client.get("/metrics").text.splitlines())
    return float(lines.get(name, 0))


def test_what_is_over_the_bound_is_refused_at_once_and_the_rest_is_served(folder, held):
    with serving(settings_for(folder), searches=2, threads=4) as client, ThreadPoolExecutor(2) as threads:
        served = [threads.submit(client.get, f"{SIMILAR}&diversity={d}") for d in (0, 0.1)]  # not searched for together
        wait_until(lambda: held.begun == 2)
        refused = client.get(SIMILAR)
        assert error(refused, 503)["code"] == "overloaded"
        assert refused.headers["retry-after"] == "1"
        assert metric(client, "retrieval_searches") == 2
        assert client.get("/readyz").status_code == 200
        held.let_go.set()
        assert all(doc_ids(one.result()) for one in served)
        assert doc_ids(client.get(SIMILAR))
        assert metric(client, "retrieval_searches") == 0
        assert metric(client, 'retrieval_search_rejections_total{code="overloaded"}') == 1


def test_a_search_whose_time_is_over_leaves_the_queue(folder, held):
    with serving(settings_for(folder), threads=1) as client, ThreadPoolExecutor(1) as threads:
        at_work = threads.submit(client.get, SIMILAR)
        wait_until(lambda: held.begun == 1)
        late = client.get(SIMILAR, headers={"X-Timeout-Ms": "50"})
        assert error(late, 503)["code"] == "timed_out"
        assert late.headers["retry-after"] == "1"
        held.let_go.set()
        assert doc_ids(at_work.result())
        assert doc_ids(client.get(SIMILAR, headers={"X-Timeout-Ms": "20000"}))
        assert held.begun == 2, "the late one was never begun"
        assert metric(client, 'retrieval_search_rejections_total{code="timed_out"}') == 1


def test_the_server_has_a_longest_time_of_its_own(folder, held):
    with serving(settings_for(folder), request_timeout_s=0.05) as client:
        late = client.get(SIMILAR, headers={"X-Timeout-Ms": "20000"})
        assert "after 0.05 s" in error(late, 503)["message"]
        held.let_go.set()


@pytest.mark.parametrize("given", ["0", "-1", "1.5", "soon", "9" * 10, "²"])
def test_a_timeout_that_is_none(folder, given):
    with serving(settings_for(folder)) as client:
        refused = client.get(SIMILAR, headers={"X-Timeout-Ms": given.encode()})
        assert error(refused, 422)["code"] == "invalid_request"


def test_twice_what_it_can_serve(folder):
    """Many more clients than places: answers and refusals, nothing else, and then all is well."""
    with serving(settings_for(folder), searches=3, threads=2) as client, ThreadPoolExecutor(24) as threads:
        asked = [f"{PHOTOS}/search?q=red&k=3&exact={number % 2 == 0}" for number in range(400)]
        answers = list(threads.map(client.get, asked))
        statuses = Counter(answer.status_code for answer in answers)
        assert set(statuses) <= {200, 503}
        assert statuses[200] > 0
        for answer in answers:
            if answer.status_code == 200:
                assert {doc_id.partition("/")[0] for doc_id in doc_ids(answer)} == {"red"}
            else:
                assert (error(answer, 503)["code"], answer.headers["retry-after"]) == ("overloaded", "1")
        assert metric(client, 'retrieval_search_rejections_total{code="overloaded"}') == statuses[503]
        assert metric(client, "retrieval_searches") == 0
        assert all(doc_ids(client.get(one)) for one in asked[:5])


def large_picture(side: int) -> bytes:
    """A few kilobytes that are many pixels."""
    file = io.BytesIO()
    Image.new("RGB", (side, side)).save(file, "PNG")
    return file.getvalue()


def test_sixty_four_requests_with_large_pictures(folder, monkeypatch):
    lock, at_a_time, most = threading.Lock(), [], []
    load = decode._decode

    def counting(image, *arguments):
        with lock:
            at_a_time.append(image.size[0] * image.size[1])
            most.append(sum(at_a_time))
        try:
            return load(image, *arguments)
        finally:
            with lock:
                at_a_time.pop()

    monkeypatch.setattr(decode, "_decode", counting)
    picture = large_picture(700)
    with serving(settings_for(folder), threads=8, decode_pixels=1_000_000) as client:
        with ThreadPoolExecutor(64) as threads:
            asked = [threads.submit(client.post, f"{PHOTOS}/search/image", files={"image": picture}) for _ in range(64)]
        assert {one.result().status_code for one in asked} == {200}
    assert 490_000 <= max(most) <= 1_000_000


def test_late_ones_end_quietly(folder, held, recwarn, caplog):
    """Nothing is left of them that complains later: no coroutine that nobody awaited, no task with an error."""
    with serving(settings_for(folder), threads=1, searches=1) as client:
        for _ in range(3):
            assert client.get(SIMILAR, headers={"X-Timeout-Ms": "20"}).status_code == 503
        with ThreadPoolExecutor(4) as threads:
            asked = [threads.submit(client.get, SIMILAR, headers={"X-Timeout-Ms": "200"}) for _ in range(4)]
        assert {one.result().status_code for one in asked} == {503}
        held.let_go.set()
        wait_until(lambda: client.get(SIMILAR).status_code == 200)
    gc.collect()
    assert [str(one.message) for one in recwarn] == []
    assert [record.message for record in caplog.records if record.name == "asyncio"] == []
