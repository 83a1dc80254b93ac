"""What is to be stored waits behind queries, and leaves them room in the queue."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import numpy as np
import pytest
from held_encoder import MOST_WAITING, in_a_loop, settle, started

from api.batching import TooLateError
from api.encoding.bulk import BulkEncoder
from api.encoding.queries import EncoderQueues, EncodeTexts
from api.observing.metrics import Metrics

ENCODER = SimpleNamespace(
    spec=SimpleNamespace(dim=1), encode_texts=lambda texts: np.array([[float(text)] for text in texts], np.float32)
)


def bulk_encoder(held, most_waiting=4) -> BulkEncoder:
    queues = EncoderQueues(held.batcher, held.batcher)
    return BulkEncoder(queues, Metrics(), most_waiting=most_waiting, patience_s=5.0)


def query(held, text):
    return held.batcher.ask(EncodeTexts(ENCODER), text, patience_s=10.0)


@in_a_loop
async def test_vectors_come_in_order_a_few_in_the_queue_at_a_time(held):
    (task,) = await started(bulk_encoder(held).texts(ENCODER, [str(number) for number in range(2 * MOST_WAITING)]))
    while not task.done():
        assert len(held.batcher) <= 4
        await held.finish(1)
    assert task.result().tolist() == [[float(number)] for number in range(2 * MOST_WAITING)]


@in_a_loop
async def test_a_query_passes_by(held):
    (task,) = await started(bulk_encoder(held).texts(ENCODER, ["1", "2", "3", "4", "5"]))
    (asked,) = await started(query(held, "9"))
    await held.finish(2)
    assert held.batches[1][0] == "9"
    assert asked.done()
    assert not task.done()
    await held.finish(4)
    assert len(task.result()) == 5


@in_a_loop
async def test_where_one_is_too_late_the_others_leave_the_queue(held):
    (busy,) = await started(query(held, "0"))
    (task,) = await started(bulk_encoder(held).texts(ENCODER, ["1", "2", "3"]))
    held.time = 6.0
    await held.finish(1)
    with pytest.raises(TooLateError):
        await task
    await settle()
    assert (len(held.batcher), held.batches) == (0, [["0"]])
    assert busy.done()


@in_a_loop
async def test_nothing_to_embed(held):
    assert (await asyncio.wait_for(bulk_encoder(held).texts(ENCODER, []), 1)).shape == (0, 1)
