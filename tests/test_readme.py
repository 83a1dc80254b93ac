"""The README keeps its word: its Python runs, its commands exist, its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from helpers import COLOURS, run_cli, save_picture

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_the_python_example_runs_as_it_stands(tmp_path, monkeypatch, capsys):
    save_picture(tmp_path / "beach.jpg", COLOURS["yellow"], size=128)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RETRIEVAL_DATA_DIR", raising=False)
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(compile(example, "README.md", "exec"), {})
    assert capsys.readouterr().out.startswith("1 beach 0.")


def test_every_command_in_the_readme_exists(tmp_path):
    offered = run_cli("--help", cwd=tmp_path).stdout
    used = set(re.findall(r"(?:^    (?:\$ )?|`)retrieval ([a-z-]+)", README, re.MULTILINE))
    assert {"index", "search", "serve"} <= used
    for command in used:
        assert re.search(rf"^│ {command} ", offered, re.MULTILINE), command


@pytest.mark.parametrize(
    "page", sorted(path.relative_to(ROOT) for path in [*ROOT.glob("docs/**/*.md"), ROOT / "README.md"])
)
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", (ROOT / page).read_text()):
        if "://" not in target:
            assert ((ROOT / page).parent / target).exists(), target
