"""A catalogue that has what the examples of the OpenAPI document name, and the service over fresh copies of it."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import requests
from api_service import add, fill_vectors, settings_for, wait_until
from helpers import COLOURS, save_picture
from schemathesis.python import asgi
from sqlalchemy import create_engine, text

from api.app import create_app
from api.jobs.examples import EVALUATION, JOB
from api.managing.examples import SNAPSHOT
from api.settings import ApiSettings
from api.wire.examples import HIT
from retrieval.metadata import evaluations, jobs
from retrieval.metadata.database import Database
from retrieval.types import CatalogRecord
from retrieval.workspace import Workspace

URL = "http://127.0.0.1:8000"
NUMBERS = [1, 2, 3, 4, 5]
"""Of evaluations, and of jobs: one in each state that a job may stay in."""


def fill_known(workspace: Workspace, folder: Path) -> None:
    """Two collections, one of them with an alias and a snapshot; jobs and evaluations."""
    records = [
        CatalogRecord(
            f"shirts/{colour}.jpg",
            str(save_picture(folder / "shirts" / f"{colour}.jpg", rgb)),
            (f"a {colour} shirt",),
            {**HIT["attributes"], "price": price},
        )
        for price, (colour, rgb) in enumerate(COLOURS.items())
    ]
    add(workspace, "photos", records)
    fill_vectors(workspace)
    workspace.put_alias("current", "photos")
    workspace.snapshot("photos", workspace.data_dir / "snapshots" / f"{SNAPSHOT['id']}.tar")
    (folder / "report.html").write_text("<p>figures")
    _fill_jobs(workspace, folder)


def _fill_jobs(workspace: Workspace, folder: Path) -> None:
    collection = workspace.open("photos").info
    told = {name: EVALUATION[name] for name in ("kind", "config", "metrics")}
    done, failed, running, cancelled, _ = NUMBERS
    with workspace.database.write() as connection:
        for _ in NUMBERS:
            evaluations.add(connection, collection.id, folder=str(folder), **told)
            jobs.add(connection, kind="evaluation", collection="photos", config={"kind": "captions"})
        for number in (done, failed, running):
            assert jobs.claim(connection, owner="test", lease_s=1e6).id == number
        jobs.finish(connection, done, owner="test", state="done", progress={}, result={"evaluation_id": 1})
        jobs.finish(connection, failed, owner="test", state="failed", progress={}, error="no images")
        jobs.renew(connection, running, owner="test", lease_s=1e6, progress=JOB["progress"])
        jobs.cancel(connection, cancelled)


def empty_database(server_url: str, name: str, template: str = "template1") -> str:
    """URL of a new database of a PostgreSQL server, a copy of `template`."""
    engine = create_engine(f"{server_url}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    engine.dispose()
    return f"{server_url}/{name}"


class FreshCopies:
    """The service, in this process, over one copy of the catalogue after another. Jobs are only queued."""

    def __init__(self, folder: Path, database_url: str | None) -> None:
        """Fill the catalogue that is copied, in `folder`, and on PostgreSQL in an empty database."""
        self._folder, self._database_url = folder, database_url
        self._copies = 0
        self.session: requests.Session | None = None
        if database_url:
            with closing(Database(database_url)) as database:
                database.upgrade()
        with Workspace(settings_for(folder, database_url)) as workspace:
            fill_known(workspace, folder)

    def renew(self) -> None:
        """Go on with a copy in which nothing is changed yet."""
        self.close()
        self._copies += 1
        copy = self._folder / f"copy-{self._copies}"
        shutil.copytree(self._folder / "data", copy / "data")
        settings = ApiSettings(job_workers=0, maintenance=False, source_roots=(self._folder,))
        self.session = asgi.get_client(create_app(settings_for(copy, self._copied_database()), settings))
        self.session.__enter__()
        wait_until(lambda: self.session.get(f"{URL}/readyz").status_code == 200, seconds=60)

    def close(self) -> None:
        """Stop the service."""
        if self.session is not None:
            self.session.__exit__()
            asgi.shutdown_lifespans()

    def _copied_database(self) -> str | None:
        if self._database_url is None:
            return None
        server, _, filled = self._database_url.rpartition("/")
        return empty_database(server, f"{filled}_{self._copies}", filled)
