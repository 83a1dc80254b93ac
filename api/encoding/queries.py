"""Query embeddings: from the cache, from a computation that is under way already, or from the encoder's queue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from api.batching import Answered, Batcher, OverloadedError, TooLateError
from api.observing.metrics import Metrics
from retrieval.lru import LruCache
from retrieval.protocols import Encoder
from retrieval.types import FloatArray, PixelArray

MOST_BYTES = 2**26

Encode: TypeAlias = Callable[[Sequence[Any]], FloatArray]
"""n items -> float32 (n, dim). Items of equal functions are encoded together."""
Queue: TypeAlias = Batcher[Encode, Any, FloatArray]
Encoded: TypeAlias = Answered[FloatArray]
"""A vector of length 1, float32 (dim,), and the seconds that its item waited for its turn."""


@dataclass(frozen=True, slots=True)
class EncoderQueues:
    """What waits before the encoders: texts do not wait for pictures, which take many times as long."""

    texts: Queue
    images: Queue

    def __len__(self) -> int:
        return len(self.texts) + len(self.images)


@dataclass(frozen=True, slots=True)
class EncodeTexts:
    """Texts of one encoder, n of them -> float32 (n, dim)."""

    encoder: Encoder

    def __call__(self, texts: Sequence[str]) -> FloatArray:
        """Embed them."""
        return self.encoder.encode_texts(texts)


@dataclass(frozen=True, slots=True)
class EncodeImages:
    """Preprocessed pictures of one encoder, n of uint8 (s, s, 3) -> float32 (n, dim)."""

    encoder: Encoder

    def __call__(self, pixels: Sequence[PixelArray]) -> FloatArray:
        """Embed them."""
        return self.encoder.encode_images(np.stack(pixels))


@dataclass(slots=True)
class _Flight:
    """A text that is being embedded, and how many requests want it."""

    task: asyncio.Task[Encoded]
    wanted_by: int = 0


class QueryEncoder:
    """Embeds what searches look for; to be used from one event loop.

    Vectors of texts are kept, the ones used last; a text that several requests ask for at a time is embedded once.
    """

    def __init__(self, queues: EncoderQueues, metrics: Metrics, *, most_kept: int, patience_s: float) -> None:
        self._queues = queues
        self._metrics = metrics
        self._patience_s = patience_s
        self._kept: LruCache[tuple[str, str], FloatArray] = LruCache(most=most_kept, most_bytes=MOST_BYTES)
        self._flights: dict[tuple[str, str], _Flight] = {}

    async def image(self, encoder: Encoder, pixels: PixelArray, *, bulk: bool = False) -> Encoded:
        """Embed a preprocessed picture, uint8 (s, s, 3). Raises as `Batcher.ask` does."""
        return await self._queued(self._queues.images, EncodeImages(encoder), pixels, bulk=bulk)

    async def text(self, encoder: Encoder, text: str, *, bulk: bool = False) -> Encoded:
        """Embed a text. Raises as `Batcher.ask` does, for all who share a computation alike."""
        key = encoder.spec.encoder_id, text
        if (kept := self._kept.get(key)) is not None:
            self._metrics.cached("hit")
            return Answered(kept)
        self._metrics.cached("shared" if key in self._flights else "miss")
        if key not in self._flights:
            self._flights[key] = _Flight(asyncio.create_task(self._embed(key, encoder, bulk=bulk)))
        flight = self._flights[key]
        flight.wanted_by += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.wanted_by -= 1
            if not flight.wanted_by:  # the last one has its answer, or is gone
                flight.task.cancel()
                if self._flights.get(key) is flight:
                    del self._flights[key]

    async def _embed(self, key: tuple[str, str], encoder: Encoder, *, bulk: bool) -> Encoded:
        encoded = await self._queued(self._queues.texts, EncodeTexts(encoder), key[1], bulk=bulk)
        self._kept.put(key, encoded.answer.copy())  # a row alone, and not its whole batch
        return encoded

    async def _queued(self, queue: Queue, encode: Encode, item: object, *, bulk: bool) -> Encoded:
        try:
            return await queue.ask(encode, item, patience_s=self._patience_s, bulk=bulk)
        except (OverloadedError, TooLateError) as error:
            self._metrics.rejected(error.code)
            raise
