"""An HTTP/1.1 client that costs next to nothing, since it shares the cores with the server that it measures."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


class Connection:
    """One connection that is kept open; one request at a time."""

    def __init__(self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._host = host
        self._reader = reader
        self._writer = writer

    async def post(self, path: str, body: object) -> bytes:
        """Send JSON; the body of the answer, which must tell its length. Anything but 200 ends the benchmark."""
        sent = json.dumps(body).encode()
        self._writer.write(
            f"POST {path} HTTP/1.1\r\nHost: {self._host}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(sent)}\r\n\r\n".encode()
            + sent
        )
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        answer = await self._reader.readexactly(int(head.partition("content-length:")[2].split("\r\n")[0]))
        if head.split()[1] != "200":
            raise SystemExit(f"the server answered {head.splitlines()[0]}: {answer[:300]!r}")
        return answer


@asynccontextmanager
async def connected(url: str, count: int) -> AsyncIterator[list[Connection]]:
    """So many connections to the server at an http URL."""
    parts = urlsplit(url)
    opened = [await asyncio.open_connection(parts.hostname, parts.port) for _ in range(count)]
    try:
        yield [Connection(parts.netloc, reader, writer) for reader, writer in opened]
    finally:
        for _, writer in opened:
            writer.close()
