"""docs/delayed_job.md: every promise has a test that is there, or a reason."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "delayed_job.md").read_text()
PROMISES = [f"A{number}" for number in range(1, 123)] + [f"B{number}" for number in range(1, 41)]

rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("|")]
promises = [row for row in rows if re.fullmatch(r"[AB]\d+", row[0])]


def test_every_promise_has_one_row() -> None:
    assert [row[0] for row in promises] == PROMISES


def test_every_promise_names_a_test_that_is_there_or_says_why_not() -> None:
    wrong = []
    for number, _, here, shown in promises:
        found = re.fullmatch(r"`(tests/[\w/]+\.py)::(\w+)`", shown)
        if found is None:
            if shown != "–" or not here.startswith(("no:", "not yet", "with the ORM kinds")):
                wrong.append(f"{number}: {shown}")
        elif not re.search(rf"^(?:async )?def {found[2]}\(", (ROOT / found[1]).read_text(), re.MULTILINE):
            wrong.append(f"{number}: {shown}")
    assert wrong == []
