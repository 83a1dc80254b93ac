"""Embeddings of queries: kept, shared, and given up when nobody wants them any more."""

from __future__ import annotations

import numpy as np
import pytest
from held_encoder import in_a_loop, settle, started

from api.encoding.queries import EncoderQueues, QueryEncoder
from api.observing.catalogue import Catalogue
from api.observing.metrics import Metrics
from retrieval.encoders.fake import FakeEncoder

ENCODER = FakeEncoder()


def query_encoder(held, metrics=None):
    return QueryEncoder(EncoderQueues(held.batcher, held.batcher), metrics or Metrics(), most_kept=2, patience_s=10)


async def ask(queries, *texts):
    return await started(*(queries.text(ENCODER, text) for text in texts))


@in_a_loop
async def test_a_text_is_embedded_once_and_kept(held):
    metrics = Metrics()
    queries = query_encoder(held, metrics)
    tasks = await ask(queries, "red", "red", "blue")
    await held.finish(1)
    for task, text in zip(tasks, ("red", "red", "blue"), strict=True):
        np.testing.assert_allclose(task.result().answer, ENCODER.encode_texts([text])[0], atol=1e-6)
    (again,) = await ask(queries, "red")
    np.testing.assert_array_equal(again.result().answer, tasks[0].result().answer)
    assert held.batches == [["red", "blue"]]
    counted = metrics.text(Catalogue({}, {}, {})).decode()
    for outcome, count in (("miss", 2), ("shared", 1), ("hit", 1)):
        assert f'retrieval_query_cache_total{{outcome="{outcome}"}} {count}.0' in counted


@in_a_loop
async def test_what_was_used_longest_ago_is_embedded_again(held):
    queries = query_encoder(held)
    await held.finish(4)  # it may go ahead
    for text in ("red", "blue", "red", "green", "red", "blue"):
        await queries.text(ENCODER, text)
    assert held.batches == [["red"], ["blue"], ["green"], ["blue"]]


@in_a_loop
async def test_it_is_given_up_when_the_last_who_wanted_it_goes(held):
    queries = query_encoder(held)
    await ask(queries, "busy")
    one, other = await ask(queries, "red", "red")
    one.cancel()
    await settle()
    assert len(held.batcher) == 1
    other.cancel()
    await settle()
    assert len(held.batcher) == 0
    (later,) = await ask(queries, "red")
    await held.finish(2)
    assert later.result().answer.shape == (ENCODER.spec.dim,)
    assert held.batches == [["busy"], ["red"]]


@in_a_loop
async def test_a_failure_is_told_to_all_who_share_it_and_not_kept(held):
    queries = query_encoder(held)
    broken = type("Broken", (FakeEncoder,), {"encode_texts": lambda *_: 1 / 0})()
    tasks = await started(queries.text(broken, "red"), queries.text(broken, "red"))
    await held.finish(1)
    for task in tasks:
        with pytest.raises(ZeroDivisionError):
            task.result()
    (good,) = await ask(queries, "red")
    await held.finish(1)
    assert good.result().answer.shape == (ENCODER.spec.dim,)
