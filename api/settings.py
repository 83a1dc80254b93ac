"""Settings of the HTTP service from the environment (`RETRIEVAL_API_*`), read when asked for and never at import."""

from __future__ import annotations

import os
from ipaddress import ip_address
from typing import Annotated

from limits import parse as parse_rate
from pydantic import AfterValidator, DirectoryPath, Field, StringConstraints
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.observing.logs import LogFormat
from retrieval.images.thumbnail import MAX_SIDE
from retrieval.search.query import MOST_HITS


def _rate(text: str) -> str:
    parse_rate(text)
    return text


HostName = Annotated[str, StringConstraints(to_lower=True, min_length=1)]
Rate = Annotated[str, AfterValidator(_rate)]
CORES = os.cpu_count() or 1
THREADS = min(max(2 * CORES, 4), 14)
Side = Annotated[int, Field(ge=1, le=MAX_SIDE)]


class ApiSettings(BaseSettings):
    """Where the service listens and what it allows; each field can be set by `RETRIEVAL_API_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="RETRIEVAL_API_", extra="ignore", frozen=True)

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    workers: int = Field(
        default=1, ge=1, le=64, description="Processes that answer, each with a model of its own; jobs run in one."
    )
    auth: bool | None = Field(
        default=None, description="Whether requests need a key. Default: unless the host is a loopback address."
    )
    rate_limit: Rate | None = Field(
        default=None, description="Most requests of one key, or of one address where none is needed: 600/minute."
    )
    cors_origins: tuple[str, ...] = Field(
        default=(), description='Origins whose pages may read answers, as JSON: ["https://shop.example"].'
    )
    allowed_hosts: tuple[HostName, ...] = Field(
        default=(),
        description="Names that the service may be asked by, without ports, as JSON. Default: any; without keys on a "
        "loopback address, that one's own.",
    )
    collections: tuple[str, ...] = Field(
        default=(), description='Collections to load before `/readyz` says so, as JSON: ["photos"]. Default: all.'
    )
    max_body_bytes: int = Field(default=16 * 2**20, ge=1024, description="Largest request body.")
    max_json_bytes: int = Field(
        default=4 * 2**20,
        ge=1024,
        description="Largest body that is not a form: parsing JSON holds up other requests, 0.1 s for some MiB.",
    )
    max_pixels: int = Field(default=64_000_000, ge=1, description="Largest picture that is decoded, in pixels.")
    decode_pixels: int = Field(
        default=16_000_000 * THREADS,
        ge=1,
        description="Pixels of all pictures that are decoded at a time, about ten bytes each; further ones wait.",
    )
    max_k: int = Field(default=1_000, ge=1, le=MOST_HITS, description="Most hits of one search.")
    max_depth: int = Field(
        default=5_000, ge=1, le=MOST_HITS, description="Most hits that the pages of one search go through."
    )
    max_batch: int = Field(default=64, ge=1, description="Most searches of one request.")
    max_facets: int = Field(default=32, ge=1, description="Most attributes that one request counts by name.")
    threads: int = Field(
        default=THREADS,
        ge=1,
        le=14,
        description="Threads that decode pictures, search and read the database, each on one core.",
    )
    searches: int = Field(
        default=128,
        ge=1,
        description="Searches, facets, lists and pictures that may be at work or wait; what comes then gets 503.",
    )
    request_timeout_s: float = Field(
        default=30.0, gt=0, description="Seconds that one of these may take; `X-Timeout-Ms` of a request may say less."
    )
    encoder_threads: int = Field(default=CORES, ge=1, description="Native threads of the encoder, on a CPU.")
    text_lanes: int = Field(
        default=min(2, CORES), ge=1, le=8, description="Batches of texts that are encoded at a time and share these."
    )
    encoder_queue: int = Field(
        default=256, ge=1, description="Texts and pictures that may wait for the encoder; what comes then gets 503."
    )
    encoder_patience_s: float = Field(
        default=10.0, gt=0, description="Seconds that one may wait for its turn; then it gets 503, unencoded."
    )
    query_cache: int = Field(
        default=10_000, ge=0, description="Query texts whose embeddings are kept in memory, up to 64 MiB of them."
    )
    answer_cache_mb: int = Field(
        default=64,
        ge=0,
        description="MiB of answers that are kept, and given again until something is committed to their collection.",
    )
    max_items: int = Field(default=100, ge=1, description="Most documents that one request stores.")
    write_patience_s: float = Field(
        default=30.0,
        gt=0,
        description="Seconds that a write may wait for the encoder, and again to be stored; then it gets 503.",
    )
    thumbnail_sides: tuple[Side, ...] = Field(
        default=(128, 256, 512, 1024),
        min_length=1,
        description="Sides in pixels that thumbnails are made in, as JSON; the one nearest to 256 is the default.",
    )
    thumbnail_max_age_s: int = Field(
        default=300, ge=0, description="Seconds that a browser may show a thumbnail before it asks again."
    )
    shutdown_grace_s: int = Field(
        default=20, ge=0, description="Seconds that requests in flight have to finish after SIGTERM."
    )
    source_roots: tuple[DirectoryPath, ...] = Field(
        default=(), description='Folders that index jobs may read sources under, as JSON: ["/srv/photos"].'
    )
    job_workers: int = Field(default=1, ge=0, le=64, description="Jobs that run at a time; 0: they only queue here.")
    job_lease_s: float = Field(
        default=30.0, ge=1, description="Seconds after which the jobs of a service that died are taken up again."
    )
    job_stop_grace_s: float = Field(
        default=10.0, ge=0, description="Seconds that a job has to stop when it is cancelled, before it is killed."
    )
    maintenance: bool = Field(
        default=True, description="Whether collections are compacted here when it is worth it, without being asked."
    )
    maintenance_tail: int = Field(
        default=10_000, ge=1, description="Vectors without a graph from which on it is: these are searched exactly."
    )
    maintenance_dead: float = Field(
        default=0.2, gt=0, lt=1, description="Share of dead vectors in a segment from which on it is."
    )
    fetch_image_urls: bool = Field(
        default=False, description="Whether searches may name an image by URL, which the service then fetches."
    )
    fetch_timeout_s: float = Field(default=10.0, gt=0, description="Seconds that such an image has to arrive.")
    upload_timeout_s: float = Field(
        default=60.0, gt=0, description="Seconds after which a body that has not arrived in full is given up."
    )
    access_log: bool = Field(default=False, description="Log a line for every request.")
    log_format: LogFormat = Field(default="text", description="`text`, or `json`: one object a line.")

    @property
    def default_side(self) -> int:
        """The side of a thumbnail when none is asked for."""
        return min(self.thumbnail_sides, key=lambda side: abs(side - 256))

    @property
    def is_local(self) -> bool:
        """Whether only this machine can connect."""
        return _is_loopback(self.host)

    @property
    def requires_key(self) -> bool:
        """Whether requests need a key."""
        return not self.is_local if self.auth is None else self.auth


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:  # another name: who knows
        return False
