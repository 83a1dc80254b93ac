"""`retrieval serve`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from retrieval.commands.options import DataDir, console, open_workspace

if TYPE_CHECKING:
    from api.settings import ApiSettings

Host: TypeAlias = Annotated[
    str | None,
    typer.Option(help="Address to listen on [env RETRIEVAL_API_HOST; default 127.0.0.1].", show_default=False),
]
Port: TypeAlias = Annotated[
    int | None,
    typer.Option(
        help="Port; 0 takes a free one [env RETRIEVAL_API_PORT; default 8000].", min=0, max=65535, show_default=False
    ),
]
Loaded: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--collection", "-c", help="Load this one before /readyz says so; may be repeated. Default: all of them."
    ),
]
Auth: TypeAlias = Annotated[
    bool | None,
    typer.Option(
        "--auth/--no-auth",
        help="Whether requests need a key [env RETRIEVAL_API_AUTH; default: unless the host is loopback].",
        show_default=False,
    ),
]
Workers: TypeAlias = Annotated[
    int | None,
    typer.Option(
        help="Processes that answer, each with a model of its own [env RETRIEVAL_API_WORKERS; default 1].",
        min=1,
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)


def serve(
    host: Host = None,
    port: Port = None,
    collection: Loaded = None,
    auth: Auth = None,
    workers: Workers = None,
    data_dir: DataDir = None,
) -> None:
    """Answer searches over HTTP until interrupted."""
    from api.app import create_app
    from api.process.serving import is_local, listen, run, url_of
    from api.process.supervising import Supervisor
    from retrieval.metadata import api_keys

    settings = _settings(host, port, collection, auth, workers)
    bound = listen(settings.host, settings.port)
    with open_workspace(data_dir) as workspace:  # so that what cannot be opened is said in one line
        for name in settings.collections:
            workspace.open(name)
        with workspace.database.read() as connection:
            has_keys = any(key.revoked_at is None for key in api_keys.listed(connection))
        of_data = workspace.settings
    if settings.requires_key and not has_keys:
        _warn("requests need a key and there is none yet: retrieval keys create --name NAME --scope read")
    if not settings.requires_key and not is_local(bound):
        _warn("there is no authentication: whoever reaches this address can search everything and start jobs")

    def on_listening() -> None:
        console().print(f"listening on {url_of(bound)} (Ctrl-C stops)")

    if settings.workers > 1:
        raise typer.Exit(Supervisor(of_data, settings, bound).run(on_listening=on_listening))
    run(create_app(of_data, settings), bound, settings, on_listening=on_listening)


def _warn(message: str) -> None:
    console(stderr=True).print(f"[yellow]warning:[/yellow] {message}")


def _settings(
    host: str | None, port: int | None, collections: list[str] | None, auth: bool | None, workers: int | None
) -> ApiSettings:
    from pydantic import ValidationError

    from api.settings import ApiSettings
    from retrieval.errors import InputError

    given: dict[str, Any] = {
        "host": host,
        "port": port,
        "collections": tuple(collections or ()) or None,
        "auth": auth,
        "workers": workers,
    }
    try:
        return ApiSettings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = "RETRIEVAL_API_" + str(first["loc"][0]).upper()
        raise InputError(f"{name}: {first['msg']}") from None
