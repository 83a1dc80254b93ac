"""Connections to public addresses only, for what is fetched because a client asks for it.

A host is resolved once, every address that it has is checked, and the connection is made to a checked address itself:
a name that means something else a moment later (DNS rebinding) is never asked for again.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

from httpcore2 import SOCKET_OPTION, AnyIOBackend, AsyncNetworkBackend, AsyncNetworkStream, ConnectError

Address: TypeAlias = IPv4Address | IPv6Address
Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]

_GLOBAL_UNICAST = IPv6Network("2000::/3")  # the part of IPv6 that is assigned (RFC 4291)


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet, and hides no other one: IPv4 inside of IPv6 is refused."""
    if isinstance(address, IPv6Address):
        return address in _GLOBAL_UNICAST and address.is_global and address.sixtofour is None
    return address.is_global and not (address.is_multicast or address.is_reserved)


async def resolve(host: str, port: int) -> list[str]:
    """The addresses that the system's resolver has for a host."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class PublicNetwork(AsyncNetworkBackend):
    """Connects to hosts whose addresses are all public; others are refused with `ConnectError`, unconnected."""

    def __init__(self, resolve: Resolve = resolve, inner: AsyncNetworkBackend | None = None) -> None:
        self._resolve = resolve
        self._inner = inner or AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """A connection to the first address of the host that takes one."""
        problem = ConnectError("the host has no address")
        for address in await self._checked(host, port):
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except ConnectError as error:
                problem = error
        raise problem

    async def _checked(self, host: str, port: int) -> Sequence[str]:
        try:
            found = await self._resolve(host, port)
            are_public = all(is_public(ip_address(address.partition("%")[0])) for address in found)
        except (OSError, ValueError) as error:
            raise ConnectError("the host cannot be resolved") from error
        if not are_public:
            raise ConnectError("the host is not a public one")
        return found
