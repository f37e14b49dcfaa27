"""README.md says what the code does: events, commands, exit codes, members, links, and the first job."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

import delayed_daemon
from delayed_daemon.cli.entry import COMMANDS
from delayed_daemon.cli.exits import ExitCode
from delayed_daemon.payload.call import PASSED_ON
from tests.servers import Database

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
README = PAGES[0].read_text(encoding="utf-8")


def table(heading: str) -> dict[str, list[str]]:
    """The rows of the table with this head of its first column, by that column; code marks are left out."""
    lines = iter(README.splitlines())
    next(line for line in lines if line.startswith(f"| {heading} |"))
    next(lines)
    rows: dict[str, list[str]] = {}
    for line in lines:
        if not line.startswith("|"):
            break
        first, *rest = (cell.strip().replace("`", "") for cell in line.strip("|").split(" |"))
        assert first not in rows, f"{first} has two rows"
        rows[first] = rest
    return rows


def events_in_the_code() -> dict[str, tuple[set[str], set[str]]]:
    """For each event the levels and the fields it is logged with."""
    found: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for source in Path(delayed_daemon.__file__).parent.rglob("*.py"):
        text = source.read_text(encoding="utf-8")
        if "log = structlog.get_logger()" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="log"), attr=level)):
                    names = [each.value for each in node.args if isinstance(each, ast.Constant)]
                    event = next((name for name in names if isinstance(name, str)), None)
                    assert event is not None, f"{source}:{node.lineno}: the event is no plain text"
                    levels, fields = found[event]
                    levels.update({level} - {"log"})
                    fields.update(keyword.arg or "**" for keyword in node.keywords)
    return found


def test_every_event_is_in_the_table_with_its_level_and_fields() -> None:
    documented = {event: ({row[0]}, set(filter(None, row[1].split(", ")))) for event, row in table("event").items()}
    assert documented == dict(events_in_the_code())


def test_every_command_is_in_the_table() -> None:
    assert {row.split()[0] for row in table("command")} == {name for section in COMMANDS.values() for name in section}


def test_every_exit_code_is_in_the_table() -> None:
    assert {int(code) for code in table("exit code")} == {code.value for code in ExitCode}


def test_every_member_of_a_job_is_in_the_table() -> None:
    assert {member.split("(")[0] for member in table("member")} == PASSED_ON | {"perform", "display_name"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_first_job_is_performed_as_it_stands_there(database: Database, tmp_path: Path) -> None:
    found = re.search(r"`greetings\.py`:\n\n```python\n(.*?)```", README, re.DOTALL)
    calling = re.search(r"^python -c '(.*)'$", README, re.MULTILINE)
    assert found is not None
    assert calling is not None
    (tmp_path / "greetings.py").write_text(found[1])
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DELAYED_DAEMON_")}
    ours = {"DATABASE_URL": database.url, "DELAYED_DAEMON_SCHEMA": database.schema, "PYTHONPATH": str(ROOT)}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env={**kept, **ours},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    cli = ("-m", "delayed_daemon")
    run(*cli, "migrate")
    assert run("-c", calling[1]).endswith("is waiting\n")
    run(*cli, "enqueue", "--app", "greetings", "greetings.Greeting", '{"name": "Grace"}')
    said = run(*cli, "work-off", "--app", "greetings")
    assert sorted(said.splitlines()) == ["Hello, Ada!", "Hello, Grace!"]
