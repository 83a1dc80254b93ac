"""Collections, their other names and their snapshots."""

from __future__ import annotations

from typing import TypedDict, Unpack

from pydantic import TypeAdapter

from retrieval.client.call import Call, of_collection, path, reading
from retrieval.client.calls.jobs import JOB
from retrieval.client.results import Alias, CollectionInfo, Job, Snapshot

_COLLECTION = reading(TypeAdapter(CollectionInfo))
_COLLECTIONS = reading(TypeAdapter(tuple[CollectionInfo, ...]), "collections")
_ALIAS = reading(TypeAdapter(Alias))
_ALIASES = reading(TypeAdapter(tuple[Alias, ...]), "aliases")
_SNAPSHOTS = reading(TypeAdapter(tuple[Snapshot, ...]), "snapshots")
_DELETED = reading(TypeAdapter(str), "deleted")


class Goal(TypedDict, total=False):
    """What of a collection can be changed at any time; what is left out stays, or is as the server has it."""

    target_recall: float | None
    ef_search: int


class CollectionOptions(Goal, total=False):
    """How to make a collection: for a `model`, or `like` another one."""

    model: str
    like: str
    precision: str
    caption_vectors: bool
    m: int
    ef_construction: int
    storage: str


def collections() -> Call[tuple[CollectionInfo, ...]]:
    """Every collection, by name."""
    return Call("GET", path("collections"), _COLLECTIONS)


def collection(name: str) -> Call[CollectionInfo]:
    """One collection with its model, counts and index."""
    return Call("GET", of_collection(name), _COLLECTION)


def create_collection(name: str, **options: Unpack[CollectionOptions]) -> Call[CollectionInfo]:
    """An empty collection that is ready for documents."""
    return Call("POST", path("collections"), _COLLECTION, json={"name": name, **options}, repeatable=False)


def change_collection(name: str, **goal: Unpack[Goal]) -> Call[CollectionInfo]:
    """What searches are to reach, from the next one on."""
    return Call("PATCH", of_collection(name), _COLLECTION, json=dict(goal))


def delete_collection(name: str, *, force: bool = False) -> Call[str]:
    """Delete a collection with all that it holds; its name. `force` deletes its aliases too."""
    return Call("DELETE", of_collection(name), _DELETED, params={"force": force})


def aliases() -> Call[tuple[Alias, ...]]:
    """Every alias, by name."""
    return Call("GET", path("aliases"), _ALIASES)


def put_alias(alias: str, collection: str) -> Call[Alias]:
    """Make an alias, or switch it to another collection."""
    return Call("PUT", path("aliases", alias), _ALIAS, json={"collection": collection})


def delete_alias(alias: str) -> Call[str]:
    """Delete an alias; the collection stays. The alias."""
    return Call("DELETE", path("aliases", alias), _DELETED)


def snapshots(collection: str) -> Call[tuple[Snapshot, ...]]:
    """The snapshots of a collection, the newest first."""
    return Call("GET", of_collection(collection, "snapshots"), _SNAPSHOTS)


def take_snapshot(collection: str) -> Call[Job]:
    """Start a job that writes all that a collection holds to one file of the server."""
    return Call("POST", of_collection(collection, "snapshots"), JOB, repeatable=False)


def delete_snapshot(collection: str, snapshot: str) -> Call[str]:
    """Delete a snapshot; its id."""
    return Call("DELETE", of_collection(collection, "snapshots", snapshot), _DELETED)


def restore(collection: str, snapshot: str) -> Call[Job]:
    """Start a job that makes a new collection of this name of a snapshot."""
    return Call("POST", of_collection(collection, "restore"), JOB, params={"snapshot": snapshot}, repeatable=False)
