"""Fetching the picture behind a URL that a client has sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable
from urllib.parse import urljoin, urlsplit

import httpcore2

from api.errors import ApiError
from api.security.network import PublicNetwork

MOST_REDIRECTS = 3
_REDIRECTS = (301, 302, 303, 307, 308)


class ImageFetcher:
    """Fetches up to `max_bytes` from public hosts, within `timeout_s` seconds, redirects included.

    What comes is not looked at here: the decoder tells by the bytes whether they are a picture, whatever their server
    calls them.
    """

    def __init__(
        self, *, max_bytes: int, timeout_s: float, network: httpcore2.AsyncNetworkBackend | None = None
    ) -> None:
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._network = network or PublicNetwork()

    async def fetch(self, url: str) -> bytes:
        """The bytes. `ApiError` 422 `invalid_image_url` where they cannot be had, in words that tell nothing of it."""
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                httpcore2.AsyncConnectionPool(network_backend=self._network) as pool,
            ):
                for _ in range(MOST_REDIRECTS + 1):
                    found = await self._get(pool, _checked(url))
                    if isinstance(found, bytes):
                        return found
                    url = urljoin(url, found)
        except TimeoutError:
            raise _refused(f"did not arrive within {self._timeout_s:g} s") from None
        except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException, ValueError, OSError):
            raise _refused("cannot be fetched from a public host") from None
        raise _refused(f"is redirected more than {MOST_REDIRECTS} times")

    async def _get(self, pool: httpcore2.AsyncConnectionPool, url: str) -> bytes | str:
        """The body, or where the answer sends on to; each is another request, checked as the first one was."""
        headers = [("Host", urlsplit(url).netloc), ("Accept", "image/*"), ("Accept-Encoding", "identity")]
        async with pool.stream("GET", url, headers=headers) as response:
            if response.status in _REDIRECTS:
                headers_of = {name.lower(): value for name, value in response.headers}
                return headers_of.get(b"location", b"").decode("ascii")
            if response.status != 200:
                raise _refused(f"is answered with {response.status}")
            return await self._read(response.aiter_stream())

    async def _read(self, parts: AsyncIterable[bytes]) -> bytes:
        body = bytearray()
        async for part in parts:
            body += part
            if len(body) > self._max_bytes:
                raise _refused(f"has more than {self._max_bytes:,} bytes")
        return bytes(body)


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _refused("is not an address of http or https")
    if "@" in parts.netloc:
        raise _refused("holds a user name: leave it out")
    return url


def _refused(reason: str) -> ApiError:
    return ApiError(422, "invalid_image_url", f"image_url {reason}")
