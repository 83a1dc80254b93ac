"""The pictures behind the URLs that searches name, where the server is set up to fetch them."""

from __future__ import annotations

from api.errors import ApiError
from api.security.fetch import ImageFetcher
from api.service import Service


async def fetched(service: Service, url: str) -> bytes:
    """The file's bytes. `ApiError` 422 where the server fetches none, or this one cannot be had."""
    settings = service.settings
    if not settings.fetch_image_urls:
        raise ApiError(422, "invalid_input", "this server fetches no images: send the file itself, as image in base64")
    return await ImageFetcher(max_bytes=settings.max_body_bytes, timeout_s=settings.fetch_timeout_s).fetch(url)
