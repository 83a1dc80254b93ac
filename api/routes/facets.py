"""What the documents of a collection have for their attributes: what a search page builds its filters from."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from api.bounds import check_facets
from api.dependencies import CollectionName, ServiceDependency
from api.reading import from_collection
from api.searching.connected import while_connected
from api.wire.adapters import facet_body
from api.wire.error_docs import READING, errors
from api.wire.facets import AttributesResponse, FacetsResponse
from api.wire.header_docs import TIMEOUT
from api.wire.requests import FacetsParameters
from api.wire.responses import JsonResponse
from retrieval.collection import Collection
from retrieval.facets import Facet

router = APIRouter(prefix="/v1/collections/{collection}", tags=["facets"])


@router.get(
    "/facets",
    response_model=FacetsResponse,
    summary="Count values of attributes",
    responses=errors(*READING),
    openapi_extra=TIMEOUT,
)
async def get_facets(
    request: Request,
    collection: CollectionName,
    asked: Annotated[FacetsParameters, Query()],
    service: ServiceDependency,
) -> JsonResponse:
    """Count values over the documents that a filter keeps, or over all.

    What the filter says of an attribute alone, in clauses joined by `and`, is left aside for its own facet.
    """
    options = asked.options()
    check_facets(service.settings, options)

    def count(opened: Collection) -> tuple[Facet, ...]:
        return opened.facets(options.attributes or None, filter=asked.filter, values=options.values)

    facets = await while_connected(request, from_collection(service, collection, count))
    return JsonResponse({"facets": [facet_body(facet) for facet in facets]})


@router.get(
    "/attributes",
    response_model=AttributesResponse,
    summary="List the attributes",
    responses=errors(*READING),
    openapi_extra=TIMEOUT,
)
async def list_attributes(request: Request, collection: CollectionName, service: ServiceDependency) -> JsonResponse:
    """Every attribute that some document has, with its types, its extent and its most frequent values."""
    attributes = await while_connected(request, from_collection(service, collection, Collection.attributes))
    return JsonResponse({"attributes": [facet_body(facet) for facet in attributes]})
