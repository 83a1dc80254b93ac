"""By which names the service may be asked, and from which pages something may be sent to it.

Without keys whoever reaches the service may use it, and a web page makes the browser that shows it reach what only that
machine can: by a name of its own that it lets lead to 127.0.0.1 (DNS rebinding), or by a form that it sends there
(cross-site request forgery). Browsers tell both: the first by `Host`, the second by `Origin`.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import ApiError, answer

READING = ("GET", "HEAD", "OPTIONS")


class Hosts:
    """Refuses requests to names that are not `allowed`, None: any; the names of the loopback address are if
    `allows_loopback`. With `checks_origin` it refuses, too, what is sent by pages of other origins than these and
    `origins`, such as https://shop.example.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        allowed: Sequence[str] | None,
        allows_loopback: bool,
        checks_origin: bool,
        origins: Sequence[str],
    ) -> None:
        self._app = app
        self._allowed = allowed
        self._allows_loopback = allows_loopback
        self._checks_origin = checks_origin
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            self._check(request.method, request.headers.get("host", ""), request.headers.get("origin"))
        except ApiError as error:
            refusal = await answer(request, error)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _check(self, method: str, host: str, origin: str | None) -> None:
        if self._allowed is not None and not self._is_ours(_name_in(f"//{host}")):
            raise ApiError(
                421,
                "misdirected_request",
                f"this server is not asked for by the name {host[:100]!r}: its operator lists names in "
                "RETRIEVAL_API_ALLOWED_HOSTS",
            )
        if self._checks_origin and method not in READING and origin and not self._may_send(origin, host):
            raise ApiError(
                403,
                "foreign_origin",
                f"pages of {origin[:100]!r} may send nothing here: the operator lists origins in "
                "RETRIEVAL_API_CORS_ORIGINS",
            )

    def _is_ours(self, name: str) -> bool:
        return name in (self._allowed or ()) or (self._allows_loopback and _is_loopback(name))

    def _may_send(self, origin: str, host: str) -> bool:
        is_own = origin.partition("://")[2].lower() == host.lower()
        return is_own or origin in self._origins or _name_in(origin) in (self._allowed or ())


def _name_in(url: str) -> str:
    """The host of a URL, in lower case and without its port; empty where there is none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_loopback(name: str) -> bool:
    try:
        return name == "localhost" or name.endswith(".localhost") or ip_address(name).is_loopback
    except ValueError:  # some other name
        return False
