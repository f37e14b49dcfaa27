"""README.md's table of options cannot drift from the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from delayed_daemon.settings import SETTINGS

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_readme_names_every_option_with_its_default(setting):
    lines = [line for line in README.read_text(encoding="utf-8").splitlines() if _names(line, setting.flag)]
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) == 1, f"one row of a table with `{setting.flag}"
    assert f"`{setting.default_text}`" in rows[0] or not setting.default_text


def _names(line: str, flag: str) -> bool:
    """The flag itself, and not a longer one that begins like it."""
    return f"`{flag}`" in line or f"`{flag} " in line
