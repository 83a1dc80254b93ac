"""What clip-retrieval's clients send."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.clip_retrieval import examples
from api.wire.fields import ImageBase64, ImageUrl, QueryText, VectorValues
from retrieval.search.query import MOST_HITS

LARGEST_KEY = 2**63 - 1
LARGEST_NUMBER = 2**31 - 1

IndexName = Annotated[str, Field(max_length=200, description="Name of a collection.", examples=["photos"])]


class KnnRequest(BaseModel):
    """A query: the first that is given of a text, an image, an image_url and an embedding_input.

    Other fields are ignored, as clip-retrieval ignores those of models that it was not started with: aesthetic_score,
    aesthetic_weight, use_safety_model and use_violence_detector change nothing.
    """

    model_config = ConfigDict(strict=True, frozen=True, json_schema_extra={"examples": [examples.KNN_REQUEST]})

    text: QueryText | None = None
    image: ImageBase64 | None = None
    image_url: ImageUrl | None = None
    embedding_input: VectorValues | None = None
    modality: Annotated[Literal["image", "text"], Field(description="Compare with pictures, or with their captions.")]
    num_images: Annotated[int, Field(ge=0, le=LARGEST_NUMBER, description="How many results have their metadata.")]
    num_result_ids: Annotated[
        Annotated[int, Field(ge=1, le=LARGEST_NUMBER)] | None,
        Field(description="How many results, at most those that the server is set up for; by default num_images."),
    ] = None
    indice_name: Annotated[IndexName | None, Field(description="A collection; null for the first one.")]
    deduplicate: Annotated[bool, Field(description="Of pictures that are nearly the same, only the best.")] = False
    use_mclip: Annotated[bool, Field(description="Refused with a text: there is no second model.")] = False


class MetadataRequest(BaseModel):
    """Ids of results whose metadata is wanted."""

    model_config = ConfigDict(strict=True, frozen=True, json_schema_extra={"examples": [examples.METADATA_REQUEST]})

    ids: Annotated[list[Annotated[int, Field(ge=0, le=LARGEST_KEY)]], Field(max_length=MOST_HITS)]
    indice_name: IndexName
