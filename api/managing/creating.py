"""From a request to an empty collection."""

from __future__ import annotations

import logging
from dataclasses import replace

from api.errors import ApiError
from api.jobs.starting import check_model
from api.managing.requests import Goal, NewCollection
from api.opened import OpenCollections
from retrieval.collection import Collection
from retrieval.errors import ModelError
from retrieval.tuning import set_goal
from retrieval.types import IndexParams, ModelReference
from retrieval.workspace import Workspace

_log = logging.getLogger(__name__)


def create_like(workspace: Workspace, asked: NewCollection, other: Collection) -> None:
    """Make a collection for the vectors of another one, with its settings where the request gives no others."""
    given = asked.model_dump(include={"m", "ef_construction"} & asked.model_fields_set)
    index = replace(_with_goal(other.info.index, asked), hnsw=replace(other.info.index.hnsw, **given))
    if "storage" in asked.model_fields_set:
        index = replace(index, storage=asked.storage)
    captions = asked.caption_vectors if "caption_vectors" in asked.model_fields_set else other.info.caption_vectors
    workspace.create(asked.name, other.info.spec, other.info.model, index=index, caption_vectors=captions)


def create_for_model(collections: OpenCollections, asked: NewCollection, model: str) -> None:
    """Make a collection for a model, which is loaded and kept.

    Raises:
        InputError: the model is a path.
        ApiError: it cannot be loaded.
    """
    check_model(model)
    try:
        collections.create(
            asked.name,
            ModelReference(model),
            index=asked.index_params(),
            caption_vectors=asked.caption_vectors,
            precision=asked.precision,
        )
    except ModelError as error:
        _log.warning("cannot load the model %r for a new collection: %s", model, error)
        raise ApiError(
            422, "invalid_model", f"the model {model!r} cannot be loaded here: `retrieval models` lists names"
        ) from error


def change_goal(collection: Collection, asked: Goal) -> None:
    """Change what the request gives. Raises as `retrieval.tuning.set_goal`."""
    set_goal(collection, _with_goal(collection.info.index, asked))


def _with_goal(index: IndexParams, asked: Goal) -> IndexParams:
    return replace(index, **asked.model_dump(include={"target_recall", "ef_search"} & asked.model_fields_set))
