"""What clients send to make, change and lead to collections."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from api.managing import examples
from api.wire.fields import LARGEST_EF, Name
from api.wire.requests import StrictBody, StrictParameters
from retrieval.certificate import LEAST_TARGET, MOST_TARGET
from retrieval.types import HnswParams, IndexParams

TargetRecall = Annotated[
    Annotated[float, Field(ge=LEAST_TARGET, le=MOST_TARGET)] | None,
    Field(description="Recall@10 that searches are to reach; null for a fixed ef_search."),
]
EfSearch = Annotated[
    int, Field(ge=1, le=LARGEST_EF, description="Candidates where there is no target, or nothing was measured.")
]


class Goal(StrictBody):
    """What of a collection can be changed at any time; what is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.GOAL]})

    target_recall: TargetRecall = None
    ef_search: EfSearch = 64


class CollectionSettings(Goal):
    """How a new collection is embedded and indexed."""

    precision: Annotated[Literal["auto", "fp32", "bf16", "fp16"], Field(description="Of the model.")] = "auto"
    caption_vectors: Annotated[bool, Field(description="Embed captions too.")] = True
    m: Annotated[int, Field(ge=4, le=128, description="Links a node in the graph.")] = 32
    ef_construction: Annotated[int, Field(ge=8, le=4_096, description="Candidates while building.")] = 200
    storage: Annotated[
        str, Field(max_length=20, description="What graph searches compare: auto, full, or a code such as sq8@192.")
    ] = "auto"
    target_recall: TargetRecall = 0.98

    def index_params(self) -> IndexParams:
        """How it is indexed and searched, for the library."""
        return IndexParams(HnswParams(self.m, self.ef_construction), self.storage, self.target_recall, self.ef_search)


class NewCollection(CollectionSettings):
    """A collection to make: for a model, or for that of another collection, whose settings are then the defaults."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.NEW_COLLECTION, examples.LIKE_ANOTHER]})

    name: Name
    model: Annotated[
        Name | None, Field(description="A preset, ARCH/PRETRAINED or hf-hub:OWNER/NAME; a path is refused.")
    ] = None
    like: Annotated[Name | None, Field(description="A collection whose model and settings to take.")] = None

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        if (self.model is None) == (self.like is None):
            raise ValueError("give one of model and like")
        if self.like is not None and "precision" in self.model_fields_set:
            raise ValueError("a collection like another one has its precision: leave it out")
        return self


class DeletionParameters(StrictParameters):
    """How a collection is deleted."""

    force: Annotated[bool, Field(description="With the aliases that lead to it; without it, that is refused.")] = False


class AliasTarget(StrictBody):
    """Where an alias is to lead."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.TARGET]})

    collection: Name


class RestoreParameters(StrictParameters):
    """What is restored."""

    snapshot: Annotated[
        Name, Field(description="Id of a snapshot, of this collection or another.", examples=[examples.SNAPSHOT["id"]])
    ]
