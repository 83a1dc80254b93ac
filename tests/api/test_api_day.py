"""A day in the life of a service: a real process, real HTTP, and clients that never rest while all changes.

A catalogue is indexed, searched in every way and written to; an alias is switched, captions are indexed anew and a
graph is linked under load, and no request fails; the server is killed while it writes, and nothing acknowledged is
lost; in the evening it is asked to leave, and finishes what runs.
"""

from __future__ import annotations

import json
import re
import signal
import threading
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx2
import numpy as np
import pytest
from api_service import wait_until
from day import ENCODER, GARMENTS, ONCE, Crowd, Said, Searcher, Season, Writer, embedded, ids
from helpers import COLOURS, save_picture
from server import get, running

from retrieval.client import Client, NewItem, NoAnswerError, NotFoundError, Term
from retrieval.client.results import Job
from retrieval.locks import writing
from retrieval.metadata import jobs
from retrieval.metadata.database import Database
from retrieval.settings import Settings
from retrieval.verification import verify
from retrieval.workspace import Workspace

PATIENT_S = 600
"""Jobs have a low priority."""
SHOP = "shop"
"""The alias that clients search by."""
WHITE = 17
"""The number of a white picture of each season."""


@dataclass(frozen=True, slots=True)
class Size:
    """Pictures of both seasons, between them the number from which on a graph is linked, and rounds of changes."""

    spring: int
    summer: int
    graph_from: int
    rounds: int


SMALL, LARGE = Size(120, 240, 230, rounds=1), Size(1_500, 2_400, 2_000, rounds=3)


@pytest.fixture
def settings(tmp_path, database_url) -> Settings:
    with closing(Database(database_url)) as database:
        database.upgrade()
    return Settings(data_dir=tmp_path / "data", database_url=database_url)


@pytest.mark.parametrize(
    "size", [pytest.param(SMALL, id="small"), pytest.param(LARGE, id="large", marks=pytest.mark.slow)]
)
def test_a_day(size, settings, tmp_path):
    root = tmp_path / "root"
    spring = Season(root, "spring", size.spring, seed=0)
    summer = Season(root, "summer", size.summer, seed=100_000)
    environment = {
        "RETRIEVAL_DATABASE_URL": settings.resolved_database_url,
        "RETRIEVAL_API_SOURCE_ROOTS": json.dumps([str(root)]),
        "RETRIEVAL_API_MAINTENANCE_TAIL": str(size.graph_from),
        "RETRIEVAL_API_JOB_LEASE_S": "1",
    }
    with running(tmp_path, **environment) as (server, url), Client(url, retry=ONCE) as client:
        a_catalogue_is_indexed(client, spring)
        searches_find_what_they_should(client, SHOP, spring)
        what_is_written_is_there_at_once_and_what_is_deleted_gone(client, SHOP, spring, tmp_path)
        writers = [
            Writer(url, name, f"{name}-writer", dict(zip(COLOURS, spring.pictures, strict=False)))
            for name in ("spring", "summer")
        ]
        nothing_fails_while_all_changes(client, url, spring, summer, writers, rounds=size.rounds)
        interrupted = killed_in_the_midst_of_writes(server, client, url, summer, writers)
    with (
        running(tmp_path, "--port", url.rpartition(":")[2], **environment) as (server, again),
        Client(url, retry=ONCE) as client,
    ):
        assert again == url
        wait_until(lambda: get(f"{url}/readyz")[0] == 200, PATIENT_S)
        nothing_acknowledged_is_lost(client, settings, writers)
        the_interrupted_job_goes_on_to_its_end(client, interrupted, summer)
        searches_find_what_they_should(client, SHOP, summer)
        it_leaves_with_what_runs_finished(server, client, url, settings, spring)


def a_catalogue_is_indexed(client: Client, season: Season) -> None:
    """A job is followed to its end; the broken picture is recorded and skipped."""
    started = client.start_index(season.name, season.manifest, model="fake")
    *_, last = client.events(started.id)
    assert (last.state, last.error) == ("done", None)
    assert (last.result["indexed"], last.result["rejected"]) == (len(season.pictures), 1)
    assert last.result["rejects"] == [{"doc_id": season.broken, "reason": "unsupported-format"}]
    assert client.put_alias(SHOP, season.name).collection == season.name
    assert client.collection(SHOP).documents == len(season.pictures)
    assert stored(client, SHOP, limit=100) == season.documents()


def stored(client: Client, name: str, **options) -> list[Said]:
    return [Said.of(one) for one in client.items(name, **options)]


def searches_find_what_they_should(client: Client, name: str, season: Season) -> None:
    """Each way to search, beside exact search over the season's pictures."""
    pictures_and_texts_find_the_nearest(client, name, season)
    filters_keep_and_facets_count(client, name, season)
    words_rank_and_are_fused(client, name, season)
    pages_and_batches_are_made_of_the_same(client, name, season)


def pictures_and_texts_find_the_nearest(client: Client, name: str, season: Season) -> None:
    red, blue, white = ENCODER.encode_texts(["a red shirt", "blue", "white"])
    picture, doc_id = season.pictures[WHITE], season.doc_id(WHITE)
    only = {"k": 10, "exact": True, "filter": season.filter}
    assert ids(client.search(name, "a red shirt", **only)) == season.nearest(red, 10)
    assert ids(client.search(name, vector=red, **only)) == season.nearest(red, 10)
    alike = season.nearest(embedded(picture), 11)
    assert ids(client.search(name, image=picture, **only)) == alike[:10]  # uploaded
    assert ids(client.search(name, terms=[Term(image=picture)], **only)) == alike[:10]  # in base64
    assert ids(client.similar(name, doc_id, **only)) == alike[1:]
    mix = client.search(name, terms=[Term(doc_id=doc_id), Term("blue"), Term("white", weight=-0.9)], **only)
    assert ids(mix) == season.nearest(embedded(picture) + blue - 0.9 * white, 10)
    assert all(" white " in hit.caption for hit in client.captions(name, picture, k=5))


def filters_keep_and_facets_count(client: Client, name: str, season: Season) -> None:
    cheap = [one.doc_id for one in season.documents() if one.attributes["price"] < 20]
    kept = [one for one in cheap if season.colours[one] in ("red", "blue")]
    where = f'{season.filter} and price < 20 and colour in ("red", "blue")'
    found = client.search(name, "a red shirt", k=10, exact=True, filter=where, facets=["colour"])
    ranking = season.nearest(ENCODER.encode_texts(["a red shirt"])[0], len(season.pictures))
    assert ids(found) == [doc_id for doc_id in ranking if doc_id in kept][:10]
    assert {one.value: one.count for one in found.facets[0].values} == Counter(season.colours[one] for one in cheap)
    (counted,) = client.facets(name, ["colour"], filter=season.filter)
    assert {one.value: one.count for one in counted.values} == Counter(season.colours.values())


def words_rank_and_are_fused(client: Client, name: str, season: Season) -> None:
    text = f"white no{WHITE}"
    assert ids(client.search(name, f"no{WHITE}", mode="lexical")) == [season.doc_id(WHITE)]
    words = ids(client.search(name, text, mode="lexical", k=100, filter=season.filter))
    assert words[0] == season.doc_id(WHITE)
    assert {season.colours[doc_id] for doc_id in words} == {"white"}
    rankings = {"vector": season.nearest(ENCODER.encode_texts([text])[0], 100), "lexical": words}
    for hit in client.search(name, text, mode="hybrid", exact=True, filter=season.filter).hits:
        assert hit.ranks == {way: best.index(hit.doc_id) + 1 for way, best in rankings.items() if hit.doc_id in best}
        assert hit.score == pytest.approx(sum(1 / (60 + rank) for rank in hit.ranks.values()))


def pages_and_batches_are_made_of_the_same(client: Client, name: str, season: Season) -> None:
    red, only = ENCODER.encode_texts(["a red shirt"])[0], {"exact": True, "filter": season.filter}
    paged = list(client.hits(name, "a red shirt", k=50, filter=season.filter))
    assert sorted(hit.doc_id for hit in paged) == sorted(season.colours)
    np.testing.assert_allclose([hit.score for hit in paged], np.sort(season.vectors @ red)[::-1], atol=1e-5)
    by_text, by_picture, wrong = client.search_many(
        name,
        [
            {"text": "a red shirt", **only},
            {"image": season.pictures[WHITE], **only},
            {"text": "red", "filter": "price <"},
        ],
    )
    assert ids(by_text) == season.nearest(red, 10)
    assert ids(by_picture) == season.nearest(embedded(season.pictures[WHITE]), 10)
    assert wrong.error.code == "invalid_filter"


def what_is_written_is_there_at_once_and_what_is_deleted_gone(
    client: Client, name: str, season: Season, folder: Path
) -> None:
    """Documents of all kinds of writing, and none of them left."""

    def found(*condition: str) -> list[str]:
        return ids(client.search(name, image=red, filter=" and ".join(("desk = true", *condition))))

    red, blue = (
        save_picture(folder / f"{colour}.png", COLOURS[colour], seed=7).read_bytes() for colour in ("red", "blue")
    )
    client.put_item(name, "a tie", red, captions=["a crimson tie"], attributes={"desk": True, "price": 100})
    assert found() == ids(client.search(name, "crimson", mode="lexical")) == ["a tie"]
    assert client.image(name, "a tie") == red
    client.patch_item(name, "a tie", attributes={"price": 101, "sale": True})
    assert (found("price = 101", "sale = true"), found("price = 100")) == (["a tie"], [])
    client.put_item(name, "a tie", blue, captions=["a navy tie"], attributes={"desk": True})
    assert ids(client.search(name, "crimson", mode="lexical")) == []
    assert ids(client.search(name, image=blue, k=1)) == ["a tie"]
    assert client.item(name, "a tie").attributes == {"desk": True}

    new = [NewItem(f"hat {number}", red, attributes={"desk": True, "price": number}) for number in range(4)]
    sent = client.upload_items(name, [*new, NewItem("cut", red[:-200])])
    assert (sent.indexed, [one.reason for one in sent.rejected]) == (
        tuple(one.doc_id for one in new),
        ["truncated"],
    )
    assert found() == ["hat 0", "hat 1", "hat 2", "hat 3", "a tie"]
    client.delete_item(name, "hat 0")
    assert client.delete_items(name, ["hat 1", "none"]).deleted == 1
    assert client.delete_items(name, filter="desk = true and price > 2").deleted == 1
    assert found() == ["hat 2", "a tie"]
    with pytest.raises(NotFoundError):
        client.item(name, "hat 3")
    assert client.delete_items(name, ["hat 2", "a tie"]).deleted == 2
    assert client.collection(name).documents == len(season.pictures)


def nothing_fails_while_all_changes(
    client: Client, url: str, spring: Season, summer: Season, writers: list[Writer], *, rounds: int
) -> None:
    """A second collection takes over the alias, the first is indexed anew, a graph is linked; all under load."""
    client.create_collection("summer", like="spring")
    searchers = [Searcher(url, name, [spring, summer]) for name in (SHOP, "spring")]
    with Crowd(*(one.work for one in (*searchers, *writers))) as crowd:
        done = client.wait(client.start_index("summer", summer.manifest).id, timeout_s=PATIENT_S)
        assert (done.state, done.result["indexed"]) == ("done", len(summer.pictures)), done
        for number in range(rounds):
            leads_to = (summer, spring)[number % 2]
            client.put_alias(SHOP, leads_to.name)
            (hit,) = client.search(SHOP, "red", k=1, filter='season != ""').hits
            assert hit.attributes["season"] == leads_to.name
            all_is_there_while_it_is_indexed_anew(client, spring, GARMENTS[(number + 1) % len(GARMENTS)])
        wait_until(lambda: has_a_graph(client, "summer"), PATIENT_S)
        crowd.go_home()
    the_graph_finds_nearly_what_exact_search_does(client, summer)
    for writer in writers:
        assert writer.stored
        writer.check(client)
    assert all(searcher.answers for searcher in searchers)


def has_a_graph(client: Client, name: str) -> bool:
    assert client.jobs(collection=name, state="failed") == ()
    return "HNSW" in client.collection(name).index


def all_is_there_while_it_is_indexed_anew(client: Client, season: Season, garment: str) -> None:
    """Captions change while pages are read: each document comes once."""
    season.publish(garment)
    job = client.start_index(season.name, season.manifest)
    while not client.job(job.id).has_ended:
        paged = [hit.doc_id for hit in client.hits(season.name, "a red shirt", k=50, filter=season.filter)]
        assert sorted(paged) == sorted(season.colours)
    assert client.job(job.id).result["updated"] == len(season.pictures)
    assert stored(client, season.name, filter=season.filter) == season.documents()


def the_graph_finds_nearly_what_exact_search_does(client: Client, season: Season) -> None:
    found = total = 0
    for one in season.documents()[::9]:
        by_graph = client.search(season.name, one.captions[0], ef_search=1_000)
        exact = client.search(season.name, one.captions[0], exact=True)
        assert (by_graph.plan.strategy, exact.plan.strategy) == ("hnsw", "exact")
        found += len(set(ids(by_graph)) & set(ids(exact)))
        total += len(exact.hits)
    assert found / total > 0.95


def killed_in_the_midst_of_writes(server, client: Client, url: str, summer: Season, writers: list[Writer]) -> Job:
    """The job that was at work then: captions indexed anew, a few documents a commit."""
    searcher = Searcher(url, SHOP, [summer])
    with Crowd(searcher.work, *(writer.work for writer in writers)) as crowd:
        job = a_slow_index_job(client, summer, "scarf", commit_every=len(summer.pictures) // 30)
        server.send_signal(signal.SIGKILL)
        assert [type(error) for error in crowd.errors()] == [NoAnswerError] * 3
    return job


def a_slow_index_job(client: Client, season: Season, garment: str, *, commit_every: int) -> Job:
    """One that has begun to publish other captions, and will be at it for a while."""
    season.publish(garment)
    job = client.start_index(season.name, season.manifest, commit_every=commit_every)
    wait_until(lambda: Said.of(client.item(season.name, season.doc_id(0))) == season.document(0), PATIENT_S)
    return job


def nothing_acknowledged_is_lost(client: Client, settings: Settings, writers: list[Writer]) -> None:
    for writer in writers:
        writer.check(client)
    verified(settings)


def verified(settings: Settings) -> None:
    with Workspace(settings) as workspace:
        for name in ("spring", "summer"):
            verify(workspace.open(name))


def the_interrupted_job_goes_on_to_its_end(client: Client, interrupted: Job, season: Season) -> None:
    done = client.wait(interrupted.id, timeout_s=PATIENT_S)
    assert (done.state, done.attempts, done.error) == ("done", 2, None)
    assert done.result["unchanged"] > 0
    assert done.result["updated"] > 0
    assert done.result["unchanged"] + done.result["updated"] == len(season.pictures)
    assert stored(client, season.name, filter=season.filter) == season.documents()


def it_leaves_with_what_runs_finished(server, client: Client, url: str, settings: Settings, spring: Season) -> None:
    """An upload that waits for its turn is answered, and a job is left to the next service."""
    with Workspace(settings) as workspace:
        folder = workspace.open("summer").folder
    job = a_slow_index_job(client, spring, "hat", commit_every=1)
    encoded, answers = batches(client), []
    upload = threading.Thread(
        target=lambda: answers.append(client.put_item("summer", "late", spring.pictures[0], captions=["late"]))
    )
    with writing(folder):
        upload.start()
        wait_until(lambda: batches(client) > encoded)
        server.send_signal(signal.SIGTERM)
        wait_until(lambda: refuses(url))
    upload.join()
    assert [one.doc_id for one in answers] == ["late"]
    _, err = server.communicate(timeout=PATIENT_S)
    assert (server.returncode, "Traceback" in err) == (0, False), err
    with Workspace(settings) as workspace:
        assert ids(workspace.open("summer").search("late", mode="lexical")) == ["late"]
        with workspace.database.read() as connection:
            assert jobs.get(connection, job.id).state == "queued"
    verified(settings)


def batches(client: Client) -> float:
    """How many times the encoder was called."""
    return float(re.search(r"^retrieval_encoder_batch_size_count (\S+)$", client.metrics(), re.MULTILINE)[1])


def refuses(url: str) -> bool:
    """Whether nobody listens there any more."""
    try:
        httpx2.get(f"{url}/healthz")
    except httpx2.TransportError as error:  # any other: it waited to be accepted when the listening ended
        return isinstance(error, httpx2.ConnectError)
    return False
