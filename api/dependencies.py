"""What routes ask for in their signatures."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Path, Request

from api.service import Service


async def _service(request: Request) -> Service:
    return cast(Service, request.app.state.service)


ServiceDependency = Annotated[Service, Depends(_service)]

CollectionName = Annotated[str, Path(description="Name of a collection.", examples=["photos"])]
