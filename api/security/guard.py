"""Who may ask: keys, their scopes and their rates, checked before a body is read."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from functools import partial

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import ApiError, answer
from api.security.rates import Rates
from api.security.scopes import needed_for
from api.service import Service
from retrieval.errors import RetrievalError
from retrieval.metadata import api_keys
from retrieval.metadata.api_keys import ApiKey
from retrieval.metadata.api_keys import Scope as KeyScope

_CHALLENGE = 'Bearer realm="retrieval"'


class Guard:
    """Refuses requests without a key that allows them, or over the rate.

    A key is looked up in the database for every request, so that one which was revoked is refused from then on.
    """

    def __init__(self, app: ASGIApp, *, requires_key: bool, rates: Rates | None) -> None:
        self._app = app
        self._requires_key = requires_key
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            headers = await self._admit(request)
        except (HTTPException, ApiError, RetrievalError) as error:
            refusal = await answer(request, error)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, _adding(headers, send))

    async def _admit(self, request: Request) -> Mapping[str, str]:
        needed = needed_for(request.method, request.url.path)
        if needed is None:
            return {}
        key = await _key_of(request, needed) if self._requires_key else None
        client = f"key {key.id}" if key else f"address {request.client.host if request.client else ''}"
        headers = self._rates.take(client) if self._rates else {}
        if key is not None and not key.allows(needed):
            raise _forbidden(key, needed)
        return headers


async def _key_of(request: Request, needed: KeyScope) -> ApiKey:
    token = _token_of(request, needed)
    if token is None:
        raise ApiError(
            401,
            "key_required",
            "this needs a key: send one as `Authorization: Bearer KEY` or `X-Api-Key: KEY`",
            headers={"WWW-Authenticate": _CHALLENGE},
        )
    service: Service = request.app.state.service
    key = await service.transactions.read(partial(api_keys.verify, token=token))
    if key is None:
        raise ApiError(
            401,
            "invalid_key",
            "this key is not one of this server's, or was revoked",
            headers={"WWW-Authenticate": f'{_CHALLENGE}, error="invalid_token"'},
        )
    return key


def _token_of(request: Request, needed: KeyScope) -> str | None:
    """The key that came along, as a bearer token, in a header of its own, or as the password of an address.

    A password is taken for reading alone: browsers that have seen one send it again by themselves, for pages of others.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    match scheme.lower():
        case "bearer":
            return token.strip()
        case "basic" if needed == "read":
            return _password(token)
        case _:
            return request.headers.get("x-api-key")


def _password(credentials: str) -> str | None:
    """The password in `base64(user:password)` (RFC 7617)."""
    try:
        return b64decode(credentials, validate=True).decode("ascii").partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return None


def _forbidden(key: ApiKey, needed: KeyScope) -> ApiError:
    return ApiError(
        403,
        "scope_required",
        f"this needs a key of scope {needed!r}; the one that was sent has {key.scope!r}",
        detail={"scope": needed},
        headers={"WWW-Authenticate": f'{_CHALLENGE}, error="insufficient_scope", scope="{needed}"'},
    )


def _adding(headers: Mapping[str, str], send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(headers)
        await send(message)

    return sending
