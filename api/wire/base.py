"""What all documented bodies have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from api.wire import examples


class Schema(BaseModel):
    """A JSON object that has these fields and no others."""

    model_config = ConfigDict(extra="forbid")


def with_example(example: examples.Example) -> ConfigDict:
    """The configuration of a schema that shows this example."""
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [example]})
