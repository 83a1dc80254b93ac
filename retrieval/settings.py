"""Settings from the environment (`RETRIEVAL_*`), read when asked for and never at import."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias, get_args

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from retrieval.errors import InputError
from retrieval.quantities import parse_bytes

IndexDevice: TypeAlias = Literal["auto", "cpu", "cuda"]
"""Where graphs are built: auto takes a GPU if FAISS finds one, cuda insists on it (see docs/gpu.md)."""


class Settings(BaseSettings):
    """Where things live and what they run on; each field can be set by `RETRIEVAL_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="RETRIEVAL_", extra="ignore", frozen=True)

    data_dir: Path = Field(
        default=Path("retrieval-data"), description="Folder of the database, the indexes and the thumbnails."
    )
    database_url: str | None = Field(
        default=None,
        description="SQLAlchemy URL, such as postgresql+psycopg://USER@HOST/NAME. Default: SQLite in data_dir.",
    )
    device: str | None = Field(
        default=None, description="Torch device of the encoder (cpu, cuda, cuda:1, mps). Default: the best found."
    )

    index_device: IndexDevice = Field(
        default="auto", description="Where graphs are built: auto, cpu, or cuda, which is an error without a GPU."
    )

    @field_validator("index_device", mode="before")
    @classmethod
    def _check_index_device(cls, value: object) -> object:
        if value not in get_args(IndexDevice):
            raise InputError(f"RETRIEVAL_INDEX_DEVICE={value}: give one of {', '.join(get_args(IndexDevice))}")
        return value

    index_memory: int | None = Field(
        default=None,
        description="Memory that a graph with its codes may take where the storage is auto: 16GB, say. Default: any.",
    )

    @field_validator("index_memory", mode="before")
    @classmethod
    def _in_bytes(cls, value: object) -> object:
        return parse_bytes(value) if isinstance(value, str) else value

    @property
    def resolved_database_url(self) -> str:
        """The database URL, with the SQLite file of the data folder as the default."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'catalogue.sqlite3').absolute()}"
