"""What the routes share: one of these lives from start-up to shutdown."""

from __future__ import annotations

from dataclasses import dataclass

from api.opened import OpenCollections, Opened
from api.readiness import Readiness
from api.settings import ApiSettings
from api.thumbnails import ThumbnailCache
from api.workers import Workers
from retrieval.images.decode import DecodeLimits
from retrieval.settings import Settings
from retrieval.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Service:
    """An open workspace with its collections, and the threads that work on them."""

    settings: ApiSettings
    workspace: Workspace
    collections: OpenCollections
    workers: Workers
    thumbnails: ThumbnailCache
    readiness: Readiness

    @classmethod
    def open(cls, settings: Settings, api_settings: ApiSettings) -> Service:
        """Open the data folder; no collection and no model yet. `StorageError` when it cannot be opened."""
        workspace = Workspace(settings)
        return cls(
            settings=api_settings,
            workspace=workspace,
            collections=OpenCollections(workspace),
            workers=Workers(api_settings.threads),
            thumbnails=ThumbnailCache(workspace.data_dir / "thumbnails"),
            readiness=Readiness(),
        )

    @property
    def decode_limits(self) -> DecodeLimits:
        """What pictures are refused."""
        return DecodeLimits(max_pixels=self.settings.max_pixels)

    async def opened(self, name: str) -> Opened:
        """A collection, with or without its encoder."""
        return await self.workers.run(self.collections.get, name)

    async def opened_with_encoder(self, name: str) -> Opened:
        """A collection with its encoder, which is loaded now if nothing has needed it before."""
        opened = await self.opened(name)
        return opened if opened.encoder else await self.workers.load(self.collections.get_with_encoder, name)

    def close(self) -> None:
        """Let threads and database connections go."""
        self.workers.close()
        self.workspace.close()
