"""Embeddings of what is to be stored: queries pass it by, and it never fills their queue."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np

from api.batching import OverloadedError, TooLateError
from api.encoding.queries import Encode, EncodeImages, EncoderQueues, EncodeTexts, Queue
from api.observing.metrics import Metrics
from retrieval.protocols import Encoder
from retrieval.types import FloatArray, PixelArray


class BulkEncoder:
    """Embeds many pictures or texts; to be used from one event loop."""

    def __init__(self, queues: EncoderQueues, metrics: Metrics, *, most_waiting: int, patience_s: float) -> None:
        """At most `most_waiting` are in the encoders' queues at a time, each for at most `patience_s` seconds."""
        self._queues = queues
        self._metrics = metrics
        self._room = asyncio.Semaphore(most_waiting)
        self._patience_s = patience_s

    async def images(self, encoder: Encoder, pixels: Sequence[PixelArray]) -> FloatArray:
        """Embed preprocessed pictures, n of uint8 (s, s, 3) -> float32 (n, dim). Raises as `Batcher.ask` does."""
        return await self._all(self._queues.images, EncodeImages(encoder), pixels, encoder.spec.dim)

    async def texts(self, encoder: Encoder, texts: Sequence[str]) -> FloatArray:
        """Embed texts, n of them -> float32 (n, dim). Raises as `Batcher.ask` does."""
        return await self._all(self._queues.texts, EncodeTexts(encoder), texts, encoder.spec.dim)

    async def _all(self, queue: Queue, encode: Encode, items: Sequence[object], dim: int) -> FloatArray:
        tasks = [asyncio.create_task(self._one(queue, encode, item)) for item in items]
        try:
            vectors = await asyncio.gather(*tasks)
        except (OverloadedError, TooLateError) as error:
            self._metrics.rejected(error.code)
            raise
        finally:
            for task in tasks:  # of one that failed: the others are of no use any more
                task.cancel()
        return np.array(vectors, np.float32).reshape(len(items), dim)

    async def _one(self, queue: Queue, encode: Encode, item: object) -> FloatArray:
        async with self._room:
            return (await queue.ask(encode, item, patience_s=self._patience_s, bulk=True)).answer
