"""The queue before the encoder, with an encoder that works when the test lets it, and a clock that the test turns."""

from __future__ import annotations

import numpy as np
import pytest
from held_encoder import MOST_WAITING, in_a_loop, settle, started

from api.batching import BULK_AFTER_S, MOST_TOGETHER, OverloadedError, TooLateError


def texts(items):
    return np.array([[float(item)] for item in items], np.float32)


def images(items):
    return -texts(items)


async def ask(held, *items, encode=texts, patience_s=10.0, bulk=False):
    """Requests that are in the queue, or with the encoder if that was idle."""
    return await started(*(held.batcher.ask(encode, item, patience_s=patience_s, bulk=bulk) for item in items))


def values(tasks) -> list[float]:
    return [float(task.result().answer[0]) for task in tasks]


@in_a_loop
async def test_starts_at_once_and_then_takes_what_has_gathered(held):
    (first,) = await ask(held, 1)
    assert held.batches == [[1]]
    held.time = 2.0
    others = await ask(held, *range(2, 4 + MOST_TOGETHER))
    held.time = 5.0
    await held.finish(3)
    assert held.batches[1:] == [list(range(2, 2 + MOST_TOGETHER)), [2 + MOST_TOGETHER, 3 + MOST_TOGETHER]]
    assert values([first, *others]) == list(range(1, 4 + MOST_TOGETHER))
    assert (first.result().queue_s, others[0].result().queue_s) == (0.0, 3.0)


@in_a_loop
async def test_only_what_one_call_can_encode_goes_together(held):
    await ask(held, 0)
    of_texts, of_images = await ask(held, 1, 2), await ask(held, 3, encode=images)
    of_texts += await ask(held, 4)
    await held.finish(3)
    assert held.batches == [[0], [1, 2, 4], [3]]
    assert values(of_images) == [-3]
    assert values(of_texts) == [1, 2, 4]


@in_a_loop
async def test_bulk_work_is_passed_by_but_not_for_ever(held):
    await ask(held, 0)
    await ask(held, 1, encode=images, bulk=True)
    held.time = BULK_AFTER_S - 0.1
    await ask(held, 2)
    await held.finish(1)
    assert held.batches[1:] == [[2]]
    held.time = BULK_AFTER_S + 0.1
    await ask(held, 3)
    await held.finish(1)
    assert held.batches[2:] == [[1]]
    await held.finish(2)
    assert held.batches[3:] == [[3]]


@in_a_loop
async def test_what_comes_too_late_is_not_encoded(held):
    (running,) = await ask(held, 0, patience_s=1.0)
    (late,) = await ask(held, 1, patience_s=1.0)
    (patient,) = await ask(held, 2, patience_s=9.0)
    held.time = 1.5
    await held.finish(2)
    assert held.batches == [[0], [2]]
    assert values([running, patient]) == [0, 2]
    with pytest.raises(TooLateError, match=r"after 1\.5 s") as refused:
        late.result()
    assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "1"})


@in_a_loop
async def test_a_full_queue_refuses_and_a_client_that_goes_makes_room(held):
    await ask(held, 0)
    waiting = await ask(held, *range(1, MOST_WAITING + 1))
    (refused,) = await ask(held, -1)
    with pytest.raises(OverloadedError):
        refused.result()
    for gone in waiting[1:]:
        gone.cancel()
    await settle()
    assert len(held.batcher) == 1
    await ask(held, -2)
    await held.finish(2)
    assert held.batches == [[0], [1, -2]]


@in_a_loop
async def test_a_batch_that_fails_fails_alone(held):
    (bad,) = await ask(held, "not a number")
    (good,) = await ask(held, 1)
    await held.finish(2)
    with pytest.raises(ValueError, match="not a number"):
        bad.result()
    assert values([good]) == [1]
