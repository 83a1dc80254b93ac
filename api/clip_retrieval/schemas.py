"""What clip-retrieval's clients get."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, RootModel

from api.clip_retrieval import examples


class Metadata(BaseModel):
    """What is known of a document: its attributes, and these where no attribute has their name."""

    model_config = ConfigDict(extra="allow")

    url: Annotated[object, Field(description="Where its picture is; absent for a document without one.")] = None
    caption: Annotated[object, Field(description="Its first caption; absent where it has none.")] = None


class KnnResult(Metadata):
    """A result; beyond num_images only its id and similarity."""

    id: Annotated[int, Field(description="Names one version of a document; a change gives it another.")]
    similarity: Annotated[float, Field(description="Cosine similarity.")]


class MetadataResult(BaseModel):
    """The metadata of one id."""

    id: int
    metadata: Metadata


class KnnResponse(RootModel[list[KnnResult]]):
    """Results, best first."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.KNN]})


class MetadataResponse(RootModel[list[MetadataResult]]):
    """Metadata in the order of the ids, without those that are not there any more."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.METADATA_ANSWER]})


class IndicesResponse(RootModel[list[str]]):
    """Names of collections, in alphabetical order."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.INDICES]})
