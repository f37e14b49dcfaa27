"""Whatever its source, a setting's text means the same value."""

from __future__ import annotations

import dataclasses
import string
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delayed_daemon.config import Config, Pool
from delayed_daemon.errors import InvalidOptions
from delayed_daemon.settings import SETTINGS, Setting, from_json, resolve, to_json

WORDS = st.text(string.ascii_lowercase, min_size=1, max_size=12)
MODULES = st.lists(WORDS, min_size=1, max_size=3).map(".".join)
TEXTS = {
    "database_url": st.builds("postgresql://{}:{}@{}/{}".format, WORDS, WORDS, WORDS, WORDS),
    "data_dir": WORDS.map("/srv/{}".format),
    "schema": WORDS.map("s_{}".format),
    "default_queue": WORDS,
    "name": st.text(string.ascii_letters + string.digits + "_.-", min_size=1, max_size=100),
    "app": st.lists(MODULES, min_size=1, max_size=3, unique=True),
    "allow": st.lists(MODULES, min_size=1, max_size=3, unique=True),
    "queues": st.lists(
        st.text(
            st.characters(codec="utf-8", exclude_categories=("Z", "C"), exclude_characters=","),
            min_size=1,
            max_size=100,
        ),
        min_size=1,
        max_size=3,
        unique=True,
    ),
}

WHOLES = st.integers(-(2**31), 2**31 - 1)
MAPPINGS = {
    "queue_attributes": st.dictionaries(
        st.text(st.characters(codec="ascii", categories=("L", "N", "P"), exclude_characters=",=")).filter(bool), WHOLES
    ),
    "priorities": st.dictionaries(WORDS, WHOLES),
    "aliases": st.dictionaries(WORDS.map("old.{}".format), WORDS.map("new.{}".format)),
}
BOUNDS = st.one_of(
    st.just((None, None)), st.tuples(WHOLES, WHOLES).map(sorted).map(tuple), st.tuples(WHOLES, st.none())
)
POOLS = st.lists(
    st.builds(
        lambda queues, workers, bounds: Pool(
            queues=tuple(queues), workers=workers, min_priority=bounds[0], max_priority=bounds[1]
        ),
        st.lists(WORDS, max_size=3, unique=True),
        st.integers(1, 1024),
        BOUNDS,
    ),
    min_size=1,
    max_size=3,
)

every_setting = pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)


def values(setting: Setting) -> st.SearchStrategy:
    """Every valid value of a setting, as a `Config` has it."""
    if setting.choices:
        return st.sampled_from(setting.choices)
    match setting.kind:
        case "switch":
            return st.booleans()
        case "whole" | "size":
            return st.integers(int(setting.least), int(setting.most))
        case "duration":
            return st.decimals(str(setting.least), str(int(setting.most)), places=3).map(float)
        case "list":
            return TEXTS[setting.name].map(tuple)
        case "text":
            return TEXTS[setting.name]
        case "mapping":
            return MAPPINGS[setting.name].filter(bool).map(lambda entries: tuple(entries.items()))
        case "pools":
            return POOLS.map(tuple)


@every_setting
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_means_the_same_on_the_command_line_in_the_environment_and_in_a_file(setting, data, tmp_path):
    value = data.draw(values(setting))
    text = setting.text(value)
    file = tmp_path / "daemon.yml"
    file.write_text(yaml.safe_dump({setting.name: text}, allow_unicode=True), encoding="utf-8")

    typed = resolve({setting.name: text}, {})
    from_environment = resolve({}, {setting.variable: text})
    from_file = resolve({}, {}, file)

    for resolved in (typed, from_environment, from_file):
        assert getattr(resolved.config, setting.name) == value
        assert type(getattr(resolved.config, setting.name)) is type(value)
    assert typed.sources[setting.name] == "command line"
    assert from_environment.sources[setting.name] == f"environment {setting.variable}"
    assert from_file.sources[setting.name] == f"{file} line 1"


@every_setting
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_python_values_are_taken_as_they_are_and_survive_the_way_to_another_process(setting, data):
    value = data.draw(values(setting))
    config = resolve({setting.name: value}, {}, caller="configure()").config
    assert getattr(config, setting.name) == value
    assert from_json(to_json(config)) == config
    assert from_json(to_json(config)) == dataclasses.replace(Config(), **{setting.name: value})


@every_setting
def test_native_yaml_values_are_read_like_text(setting, tmp_path):
    file = tmp_path / "daemon.yml"
    first, second = ("c", "d.e") if setting.values == "text" else (3, -1)
    lines = {
        "switch": "off",
        "whole": "3",
        "duration": "7",
        "size": "5242880",
        "list": "[a, b]",
        "mapping": f"{{a: {{{setting.leaf}: 3}}, b: {{{setting.leaf}: -1}}}}"
        if setting.leaf
        else f"{{a: {first}, b: {second}}}",
        "pools": "['a,b:2', {queues: [c, d], workers: 3, min_priority: -5}, '*']",
        "text": {"database_url": "postgresql:///x", "data_dir": "/x"}.get(setting.name, (setting.choices or ["x"])[-1]),
    }
    file.write_text(f"{setting.name}: {lines[setting.kind]}\n")
    read = getattr(resolve({}, {}, file).config, setting.name)
    expected = {
        "switch": False,
        "whole": 3,
        "duration": 7.0,
        "size": 5242880,
        "list": ("a", "b"),
        "text": lines["text"],
    } | {
        "mapping": (("a", first), ("b", second)),
        "pools": (Pool(queues=("a", "b"), workers=2), Pool(queues=("c", "d"), workers=3, min_priority=-5), Pool()),
    }
    assert read == expected[setting.kind]
    assert type(read) is type(expected[setting.kind])


@every_setting
def test_nonsense_is_refused_wherever_it_comes_from_and_the_source_is_named(setting, tmp_path):
    nonsense = {"list": "a b", "text": "\x07 bell", "pools": "a:0"}.get(setting.kind, "four")
    file = tmp_path / "daemon.yml"
    file.write_text(yaml.safe_dump({setting.name: nonsense}))
    for arguments, source in [
        (({setting.name: nonsense}, {}), "command line"),
        (({}, {setting.variable: nonsense}), f"environment {setting.variable}"),
        (({}, {}, file), f"{file} line 1"),
    ]:
        with pytest.raises(InvalidOptions) as refused:
            resolve(*arguments)
        (problem,) = refused.value.problems
        assert problem.startswith(f"{setting.name}: ")
        assert problem.endswith(f"({source})")


@pytest.mark.parametrize(
    "setting",
    [each for each in SETTINGS if each.least is not None and each.kind != "mapping"],
    ids=lambda each: each.name,
)
def test_bounds_are_inclusive(setting):
    for bound in (setting.least, setting.most):
        assert getattr(resolve({setting.name: bound}, {}).config, setting.name) == bound
    beyond = [(setting.least - 1, "less"), (setting.most + 1, "more")]
    for value, word in beyond:
        with pytest.raises(
            InvalidOptions, match=f"is {word} than" if value >= 0 or setting.kind == "whole" else "not a"
        ):
            resolve({setting.name: value}, {})


def test_the_default_of_every_setting_is_valid_and_reads_back():
    given = {setting.name: setting.default_text for setting in SETTINGS if setting.default_text}
    assert resolve(given, {}).config == Config()


def test_every_field_has_help_and_a_section():
    for setting in SETTINGS:
        assert setting.help
        assert setting.section
        assert setting.pattern is None or setting.form


def test_paths_are_made_absolute_where_the_command_runs(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/someone")
    assert resolve({"data_dir": Path("data")}, {}).config.data_dir == str(tmp_path / "data")
    assert resolve({"data_dir": "~/data"}, {}).config.data_dir == "/home/someone/data"
