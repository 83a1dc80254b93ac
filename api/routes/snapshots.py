"""Snapshots of collections: taken, listed, fetched, deleted and restored."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.dependencies import CollectionName, ServiceDependency
from api.jobs.responses import started
from api.jobs.schemas import Job
from api.jobs.snapshots import start_restore, start_snapshot
from api.managing.adapters import snapshot_body
from api.managing.examples import SNAPSHOT
from api.managing.requests import RestoreParameters
from api.managing.schemas import Deleted, SnapshotsResponse
from api.managing.snapshots import delete_snapshot, path_of, snapshots_of
from api.wire.error_docs import CHANGING, READING, errors
from api.wire.header_docs import LOCATION, RANGE
from api.wire.ranged import RangedFile
from api.wire.responses import JsonResponse

router = APIRouter(prefix="/v1/collections/{collection}", tags=["snapshots"])

SnapshotId = Annotated[str, Path(description="Id of a snapshot of the collection.", examples=[SNAPSHOT["id"]])]


@router.post(
    "/snapshots",
    response_model=Job,
    status_code=202,
    summary="Take a snapshot",
    responses={202: LOCATION, **errors(*READING)},
)
async def take_snapshot(collection: CollectionName, service: ServiceDependency) -> JsonResponse:
    """A job that writes all that the collection holds to one file of the server, while searches and writes go on."""
    return started(await service.workers.run(start_snapshot, service.workspace, collection))


@router.get("/snapshots", response_model=SnapshotsResponse, summary="List the snapshots", responses=errors(*READING))
async def list_snapshots(collection: CollectionName, service: ServiceDependency) -> JsonResponse:
    """Those of a collection, the newest first; also where it has been deleted."""
    found = await service.workers.run(snapshots_of, service.workspace, collection)
    return JsonResponse({"snapshots": [snapshot_body(snapshot) for snapshot in found]})


@router.get(
    "/snapshots/{snapshot}",
    response_class=RangedFile,
    summary="Fetch a snapshot",
    responses={
        200: {"description": "A tar file.", "content": {"application/x-tar": {}}},
        206: {
            "description": "The part of it that was asked for, or several.",
            "content": {"application/x-tar": {}, "multipart/byteranges": {}},
        },
        **errors(*READING, 416),
    },
    openapi_extra=RANGE,
)
async def fetch_snapshot(collection: CollectionName, snapshot: SnapshotId, service: ServiceDependency) -> RangedFile:
    """The file, as `retrieval restore` takes it. Parts of it can be asked for by `Range`."""
    path = await service.workers.run(path_of, service.workspace, collection, snapshot)
    return RangedFile(path, media_type="application/x-tar", filename=path.name)


@router.delete("/snapshots/{snapshot}", response_model=Deleted, summary="Delete a snapshot", responses=errors(*READING))
async def remove_snapshot(collection: CollectionName, snapshot: SnapshotId, service: ServiceDependency) -> JsonResponse:
    """The file is gone; a collection that was made of it stays."""
    await service.workers.run(delete_snapshot, service.workspace, collection, snapshot)
    return JsonResponse({"deleted": snapshot})


@router.post(
    "/restore",
    response_model=Job,
    status_code=202,
    summary="Restore a snapshot",
    responses={202: LOCATION, **errors(*CHANGING)},
)
async def restore_snapshot(
    collection: CollectionName, asked: Annotated[RestoreParameters, Query()], service: ServiceDependency
) -> JsonResponse:
    """A job that makes a new collection of this name. It is there once all of it is."""
    return started(await service.workers.run(start_restore, service.workspace, collection, asked.snapshot))
