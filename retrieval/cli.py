"""The `retrieval` command. Sub-commands register themselves under the entry-point group `retrieval.commands`."""

from __future__ import annotations

import sys
import warnings
from importlib.metadata import entry_points

import typer

from retrieval import __version__
from retrieval.errors import InputError, RetrievalError

EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED = 1, 2, 130


def build_app() -> typer.Typer:
    """The command with every sub-command that is installed, in the order of their entry points' names."""
    app = typer.Typer(
        name="retrieval",
        help="Make a catalogue of images searchable: by text, by image, by both, with filters.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    app.callback()(_root)
    for command in sorted(entry_points(group="retrieval.commands"), key=lambda entry: entry.name):
        command.load()(app)
    return app


def main() -> None:
    """Run the command line; an expected error is one line on standard error, never a traceback."""
    warnings.filterwarnings("ignore", module=r"PIL\.")  # damaged files are reported as rejects, with their reason
    try:
        build_app()(standalone_mode=True)
    except RetrievalError as error:
        _fail(str(error), EXIT_USAGE if isinstance(error, InputError) else EXIT_FAILED)
    except (KeyboardInterrupt, typer.Abort):
        _fail("interrupted; what was committed stays, and the same command continues", EXIT_INTERRUPTED)


def _root(version: bool = typer.Option(False, "--version", help="Print the version and stop.")) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


def _fail(message: str, code: int) -> None:
    sys.stderr.write(f"error: {' '.join(message.split())}\n")
    raise SystemExit(code)
