"""The client that waits."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Concatenate, ParamSpec, TypeVar

import httpx2
from httpx2 import USE_CLIENT_DEFAULT

from retrieval.client.call import Call, Pages, of_collection, path
from retrieval.client.calls import collections as of_collections
from retrieval.client.calls import documents as of_documents
from retrieval.client.calls import jobs as of_jobs
from retrieval.client.calls import monitoring as of_server
from retrieval.client.calls import searches as of_searches
from retrieval.client.connection import (
    FIRST_LOOK_S,
    LONGEST_LOOK_S,
    LONGEST_SILENCE_S,
    TIMEOUT_S,
    answered,
    as_method_of,
    broken_off,
    options,
    still_running,
    update_of,
)
from retrieval.client.downloads import unfinished
from retrieval.client.errors import ClientError, check
from retrieval.client.results import Job, JobUpdate
from retrieval.client.retry import Retry

P = ParamSpec("P")
T = TypeVar("T")


def _method(build: Callable[P, Call[T]]) -> Callable[Concatenate[Client, P], T]:
    def method(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.send(build(*args, **kwargs))

    as_method_of(build, method)
    return method


def _pages(build: Callable[P, Pages[T]]) -> Callable[Concatenate[Client, P], Iterator[T]]:
    def method(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        return self.each(build(*args, **kwargs))

    as_method_of(build, method)
    return method


class Client:
    """The service at an address, with a method for each of its routes. Safe to use from several threads.

    Calls that have no answer, or 429 or 503, are repeated where that changes nothing (`Retry`); what then is left is
    raised as one of the errors in `retrieval.client.errors`.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        timeout_s: float = TIMEOUT_S,
        retry: Retry | None = None,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        """`key` is one of `retrieval keys create`; `timeout_s` bounds connecting, and each wait for the answer.

        `transport` sends requests in another way: through a proxy, or nowhere in tests.
        """
        self._http = httpx2.Client(**options(url, key, timeout_s), transport=transport)
        self._retry = retry or Retry()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, call: Call[T]) -> T:
        """Make a call, again where that helps. `ClientError` where it fails."""
        attempt = 1
        while True:
            try:
                with answered():
                    response = self._http.request(**call.arguments())
                return call.read(check(response))
            except ClientError as error:
                pause_s = self._retry.pause_s(attempt, error) if call.repeatable else None
                if pause_s is None:
                    raise
            time.sleep(pause_s)
            attempt += 1

    def each(self, pages: Pages[T]) -> Iterator[T]:
        """What is in a list, part after part."""
        page = self.send(pages.first)
        yield from page.items
        while page.next_cursor is not None:
            page = self.send(pages.first.at(page.next_cursor))
            yield from page.items

    def events(self, job_id: int) -> Iterator[JobUpdate]:
        """Follow a job until it has ended. Where the connection breaks, it goes on with another one."""
        attempt = 1
        while True:
            try:
                with self._stream(path("jobs", job_id, "events"), timeout_s=LONGEST_SILENCE_S) as response:
                    for update in map(update_of, httpx2.EventSource(response)):
                        attempt = 1
                        yield update
                        if update.has_ended:
                            return
                raise broken_off()
            except ClientError as error:
                if (pause_s := self._retry.pause_s(attempt, error)) is None:
                    raise
            time.sleep(pause_s)
            attempt += 1

    def wait(self, job_id: int, *, timeout_s: float = math.inf) -> Job:
        """The job once it has ended, however it has. `StillRunningError` where it has not after `timeout_s`."""
        deadline, pause_s = time.monotonic() + timeout_s, FIRST_LOOK_S
        while not (job := self.job(job_id)).has_ended:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise still_running(job, timeout_s)
            time.sleep(min(pause_s, left_s))
            pause_s = min(1.5 * pause_s, LONGEST_LOOK_S)
        return job

    def fetch_snapshot(self, collection: str, snapshot: str, target: str | PathLike[str]) -> Path:
        """Write a snapshot to a file, as `retrieval restore` takes it; its path."""
        stream = self._stream(of_collection(collection, "snapshots", snapshot))
        with stream as response, unfinished(Path(target)) as file:
            for part in response.iter_bytes():
                file.write(part)
        return Path(target)

    @contextmanager
    def _stream(self, target: str, *, timeout_s: float | None = None) -> Iterator[httpx2.Response]:
        with answered(), self._http.stream("GET", target, timeout=timeout_s or USE_CLIENT_DEFAULT) as response:
            if response.is_error:
                response.read()
            yield check(response)

    search = _method(of_searches.search)
    search_many = _method(of_searches.search_many)
    hits = _pages(of_searches.hits)
    similar = _method(of_searches.similar)
    captions = _method(of_searches.captions)
    facets = _method(of_searches.facets)
    attributes = _method(of_searches.attributes)

    item = _method(of_documents.item)
    items = _pages(of_documents.items)
    rejects = _pages(of_documents.rejects)
    items_by_id = _method(of_documents.items_by_id)
    put_item = _method(of_documents.put_item)
    patch_item = _method(of_documents.patch_item)
    delete_item = _method(of_documents.delete_item)
    upload_items = _method(of_documents.upload_items)
    add_items = _method(of_documents.add_items)
    delete_items = _method(of_documents.delete_items)
    thumbnail = _method(of_documents.thumbnail)
    image = _method(of_documents.image)

    collections = _method(of_collections.collections)
    collection = _method(of_collections.collection)
    create_collection = _method(of_collections.create_collection)
    change_collection = _method(of_collections.change_collection)
    delete_collection = _method(of_collections.delete_collection)
    aliases = _method(of_collections.aliases)
    put_alias = _method(of_collections.put_alias)
    delete_alias = _method(of_collections.delete_alias)
    snapshots = _method(of_collections.snapshots)
    take_snapshot = _method(of_collections.take_snapshot)
    delete_snapshot = _method(of_collections.delete_snapshot)
    restore = _method(of_collections.restore)

    start_index = _method(of_jobs.start_index)
    start_evaluation = _method(of_jobs.start_evaluation)
    jobs = _method(of_jobs.jobs)
    job = _method(of_jobs.job)
    cancel_job = _method(of_jobs.cancel_job)
    retry_job = _method(of_jobs.retry_job)
    evaluations = _method(of_jobs.evaluations)
    evaluation = _method(of_jobs.evaluation)
    report = _method(of_jobs.report)

    health = _method(of_server.health)
    ready = _method(of_server.ready)
    metrics = _method(of_server.metrics)
