"""Finding images, by anything, and captions by image."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request

from api.bounds import check_batch
from api.dependencies import CollectionName, ServiceDependency
from api.pictures.fetched import fetched
from api.searching import search as searching
from api.searching.batch import search_all
from api.searching.clues import clues_of
from api.searching.connected import while_connected
from api.searching.query import Clue, Picture
from api.wire.adapters import batch_body, captions_body, search_body
from api.wire.error_docs import READING, SENDING, errors
from api.wire.header_docs import TIMEOUT
from api.wire.requests import (
    BatchSearchRequest,
    CaptionsForm,
    ImageSearchForm,
    SearchRequest,
    SimilarParameters,
    TextSearchParameters,
)
from api.wire.responses import JsonResponse
from api.wire.schemas import BatchSearchResponse, CaptionsResponse, SearchResponse
from retrieval.search.query import Text

router = APIRouter(prefix="/v1/collections/{collection}", tags=["search"])


@router.post(
    "/search",
    response_model=SearchResponse,
    summary="Search by anything",
    responses=errors(*SENDING),
    openapi_extra=TIMEOUT,
)
async def search(
    request: Request, collection: CollectionName, body: SearchRequest, service: ServiceDependency
) -> JsonResponse:
    """Find images by a text, an image in base64, a stored document, a vector, or a weighted mix of them."""
    clues = clues_of(body)
    if body.image_url is not None:
        clues.append(Clue(Picture(await fetched(service, body.image_url))))
    options = body.options()
    work = searching.search(service, collection, clues, options)
    return JsonResponse(search_body(await while_connected(request, work), options.fields))


@router.get(
    "/search",
    response_model=SearchResponse,
    summary="Search by text",
    responses=errors(*READING),
    openapi_extra=TIMEOUT,
)
async def search_by_text(
    request: Request,
    collection: CollectionName,
    asked: Annotated[TextSearchParameters, Query()],
    service: ServiceDependency,
) -> JsonResponse:
    """Find images by a text: a search that fits into an address bar."""
    options = asked.options()
    work = searching.search(service, collection, [Clue(Text(asked.q))], options)
    return JsonResponse(search_body(await while_connected(request, work), options.fields))


@router.post(
    "/search/image",
    response_model=SearchResponse,
    summary="Search by an uploaded image",
    responses=errors(*SENDING),
    openapi_extra=TIMEOUT,
)
async def search_by_image(
    request: Request,
    collection: CollectionName,
    form: Annotated[ImageSearchForm, Form(media_type="multipart/form-data")],
    service: ServiceDependency,
) -> JsonResponse:
    """Find images like an uploaded one; with a text, both count equally."""
    clues = [Clue(Picture(await form.image.read()))]
    if form.text is not None:
        clues.append(Clue(Text(form.text)))
    options = form.options()
    work = searching.search(service, collection, clues, options)
    return JsonResponse(search_body(await while_connected(request, work), options.fields))


@router.post(
    "/search/batch",
    response_model=BatchSearchResponse,
    summary="Search many times",
    responses=errors(*SENDING),
    openapi_extra=TIMEOUT,
)
async def search_batch(
    request: Request, collection: CollectionName, body: BatchSearchRequest, service: ServiceDependency
) -> JsonResponse:
    """Make several searches, each as if it were alone; one that fails has an `error` in its place.

    They are encoded together, and those with equal options searched for together. Other searches pass them by.
    """
    check_batch(service.settings, len(body.searches))
    work = search_all(service, collection, body.searches)
    return JsonResponse(batch_body(await while_connected(request, work), [one.options() for one in body.searches]))


@router.get(
    "/similar",
    response_model=SearchResponse,
    summary="Find the like of a document",
    responses=errors(*READING),
    openapi_extra=TIMEOUT,
)
async def similar(
    request: Request,
    collection: CollectionName,
    asked: Annotated[SimilarParameters, Query()],
    service: ServiceDependency,
) -> JsonResponse:
    """Find images like a stored one, which is left out itself. Needs no model."""
    options = asked.options()
    work = searching.similar(service, collection, asked.doc_id, options)
    return JsonResponse(search_body(await while_connected(request, work), options.fields))


@router.post(
    "/captions",
    response_model=CaptionsResponse,
    summary="Describe an image",
    responses=errors(*SENDING),
    openapi_extra=TIMEOUT,
)
async def captions(
    request: Request,
    collection: CollectionName,
    form: Annotated[CaptionsForm, Form(media_type="multipart/form-data")],
    service: ServiceDependency,
) -> JsonResponse:
    """Find the captions of the catalogue that describe an uploaded image best."""
    picture = await form.image.read()
    work = searching.captions(
        service,
        collection,
        picture,
        k=form.k,
        where=form.filter,
        ef_search=form.ef_search,
        target_recall=form.target_recall,
    )
    return JsonResponse(captions_body(await while_connected(request, work)))
