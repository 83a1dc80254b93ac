"""Runs the curl commands of the documentation against a test client."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

SERVER = "http://127.0.0.1:8000"
BLOCK = re.compile(r"^```console\n\$ ((?:[^\n]*\\\n)*[^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples(page: Path) -> list[tuple[str, str]]:
    """The commands of a page, each with the output that is printed below it."""
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def curl(client, command: str, folder: Path) -> str:
    """What a command would print. Knows the options that the documentation uses; files are read from `folder`."""
    words = iter(shlex.split(command.replace("\\\n", " "))[1:])
    url, method, params, form, files, content, shown = "", None, {}, {}, [], None, None
    headers = {"host": SERVER.removeprefix("http://")}
    for word in words:
        match word:
            case "-s" | "-N":
                pass
            case "-G":
                method = "GET"
            case "-d" | "--data-urlencode":
                name, _, value = next(words).partition("=")
                params[name] = value
            case "--json":
                content, headers["content-type"] = next(words).encode(), "application/json"
            case "-F":
                name, _, value = next(words).partition("=")
                if value.startswith("@"):
                    path, _, given = value[1:].partition(";filename=")
                    files.append((name, (given or path, (folder / path).read_bytes())))
                else:
                    form[name] = value
            case "-X":
                method = next(words)
            case "-o":
                next(words)
            case "-w":
                shown = next(words)
            case _:
                assert word.startswith(SERVER), f"unknown option {word}"
                url = word.removeprefix(SERVER)
    method = method or ("GET" if content is None and not files else "POST")
    response = client.request(
        method, url, params=params or None, data=form or None, files=files or None, content=content, headers=headers
    )
    if shown:
        return shown.replace("%{http_code}", str(response.status_code)).replace(
            "%{content_type}", response.headers["content-type"]
        )
    return response.text if response.headers["content-type"].startswith("text/") else json.dumps(response.json())
