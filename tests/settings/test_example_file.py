"""The configuration file that comes with the project lists every setting with its real default."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from delayed_daemon.config import Config
from delayed_daemon.settings import SETTINGS, resolve

FILE = Path(__file__).parents[2] / "delayed_daemon" / "settings" / "delayed-daemon.yml"
_SETTING = re.compile(r"^#([a-z_]+):", re.MULTILINE)


@pytest.fixture
def text():
    return FILE.read_text(encoding="utf-8")


def test_as_it_comes_it_sets_nothing():
    assert set(resolve({}, {}, FILE).sources.values()) == {"default"}


def test_lists_every_setting_in_order_under_its_section(text):
    assert _SETTING.findall(text) == [setting.name for setting in SETTINGS]
    section = ""
    listed = {}
    for line in text.splitlines():
        if line.startswith("# --- "):
            section = line.removeprefix("# --- ")
        elif found := _SETTING.match(line):
            listed[found[1]] = section
    assert listed == {setting.name: setting.section for setting in SETTINGS}


def test_every_value_in_it_is_the_default(text, tmp_path):
    file = tmp_path / "daemon.yml"
    file.write_text(_SETTING.sub(r"\1:", text), encoding="utf-8")
    resolved = resolve({}, {}, file)
    assert resolved.config == Config()
    stated = {name for name, source in resolved.sources.items() if source != "default"}
    assert stated == {setting.name for setting in SETTINGS if setting.default is not None}


def test_every_setting_has_a_line_why(text):
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if _SETTING.match(line):
            before = lines[number - 1]
            assert before.startswith("# ") or _SETTING.match(before), line
