"""Storing, changing and deleting documents. When the answer comes, the change is durable and searchable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Query

from api.dependencies import CollectionName, ServiceDependency
from api.opened import Opened
from api.searching.again import again_if_gone
from api.service import Service
from api.wire.error_docs import WRITING, errors
from api.wire.requests import ItemParameters
from api.wire.responses import JsonResponse
from api.wire.schemas import Item
from api.writing.adapters import stored_body, written_body
from api.writing.incoming import SentItem, needs_encoder
from api.writing.items import Outcome
from api.writing.requests import DeleteRequest, ItemForm, ItemPatch, NewItems, UploadForm
from api.writing.schemas import DeletedItems, StoredItems
from retrieval.embedding import embeds_captions
from retrieval.errors import ExternalVectorsError, InputError, NotFoundError
from retrieval.search.catalogue import Catalogue

router = APIRouter(prefix="/v1/collections/{collection}", tags=["items"])


@router.put(
    "/item",
    response_model=Item,
    summary="Store a document",
    responses={201: {"model": Item, "description": "It is new."}, **errors(*WRITING)},
)
async def put_item(
    collection: CollectionName,
    asked: Annotated[ItemParameters, Query()],
    form: Annotated[ItemForm, Form(media_type="multipart/form-data")],
    service: ServiceDependency,
) -> JsonResponse:
    """A document with its picture, captions and attributes; one that is there is replaced as a whole."""
    outcome = await _put(service, collection, [await form.sent(asked.doc_id)])
    for rejected in outcome.rejected:
        raise rejected.error
    (stored,) = outcome.stored
    return JsonResponse(written_body(stored), status_code=200 if outcome.replaced else 201)


@router.patch("/item", response_model=Item, summary="Change a document", responses=errors(*WRITING))
async def patch_item(
    collection: CollectionName,
    asked: Annotated[ItemParameters, Query()],
    body: ItemPatch,
    service: ServiceDependency,
) -> JsonResponse:
    """Other captions or attributes for a document whose picture stays: a JSON merge patch."""
    patch = body.patch()
    opened = await service.opened(collection)
    if patch.captions and embeds_captions(opened.collection.info):
        opened = await service.opened_with_encoder(collection)
    return JsonResponse(written_body(await service.items.patch(opened.collection, asked.doc_id, patch)))


@router.delete("/item", response_model=DeletedItems, summary="Delete a document", responses=errors(*WRITING))
async def delete_item(
    collection: CollectionName, asked: Annotated[ItemParameters, Query()], service: ServiceDependency
) -> JsonResponse:
    """No later search finds it."""
    opened = await service.opened(collection)
    deleted = await service.items.delete(opened.collection, [asked.doc_id])
    if not deleted:
        raise NotFoundError.of_document(asked.doc_id, collection)
    return JsonResponse({"matched": deleted, "deleted": deleted})


@router.post("/items", response_model=StoredItems, summary="Upload several pictures", responses=errors(*WRITING))
async def upload_items(
    collection: CollectionName,
    form: Annotated[UploadForm, Form(media_type="multipart/form-data")],
    service: ServiceDependency,
) -> JsonResponse:
    """Pictures with what is said of them. Each one that cannot be stored is rejected by itself, with the reason."""
    _check_count(service, len(form.images))
    return JsonResponse(stored_body(await _put(service, collection, await form.sent())))


@router.post("/items/json", response_model=StoredItems, summary="Store several documents", responses=errors(*WRITING))
async def add_items(collection: CollectionName, body: NewItems, service: ServiceDependency) -> JsonResponse:
    """Documents with pictures in base64 or vectors. Each one that cannot be stored is rejected by itself."""
    _check_count(service, len(body.items))
    return JsonResponse(stored_body(await _put(service, collection, [item.sent() for item in body.items])))


@router.post("/items/delete", response_model=DeletedItems, summary="Delete documents", responses=errors(*WRITING))
async def delete_items(collection: CollectionName, body: DeleteRequest, service: ServiceDependency) -> JsonResponse:
    """Those of a list, or those that a filter keeps, all at once; with `dry_run` they are only counted."""
    opened = await service.opened(collection)
    if body.dry_run:
        matched = await service.workers.run(_count, opened.collection.catalogue, body)
        return JsonResponse({"matched": matched, "deleted": 0})
    if body.filter is not None:
        deleted = await service.items.delete_matching(opened.collection, body.filter)
    else:
        deleted = await service.items.delete(opened.collection, body.doc_ids or ())
    return JsonResponse({"matched": deleted, "deleted": deleted})


def _count(catalogue: Catalogue, body: DeleteRequest) -> int:
    if body.filter is not None:
        return len(catalogue.matching(body.filter))
    return len(catalogue.several(tuple(dict.fromkeys(body.doc_ids or ()))))


@again_if_gone
async def _put(service: Service, name: str, sent: Sequence[SentItem]) -> Outcome:
    return await service.items.put((await _opened_for(service, name, sent)).collection, sent)


async def _opened_for(service: Service, name: str, sent: Sequence[SentItem]) -> Opened:
    opened = await service.opened(name)
    if not any(needs_encoder(one, opened.collection) for one in sent):
        return opened
    spec = opened.collection.info.spec
    if spec.is_external:
        raise ExternalVectorsError(name, spec.model, "send documents with vectors, not with images")
    return await service.opened_with_encoder(name)


def _check_count(service: Service, count: int) -> None:
    if count > service.settings.max_items:
        raise InputError(f"{count:,} documents: this server takes at most {service.settings.max_items:,} in a request")
