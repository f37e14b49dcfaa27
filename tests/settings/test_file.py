from __future__ import annotations

import pytest

from delayed_daemon.config import Config
from delayed_daemon.errors import InvalidOptions
from delayed_daemon.settings import resolve


@pytest.fixture
def file(tmp_path):
    return tmp_path / "daemon.yml"


def problems(file):
    with pytest.raises(InvalidOptions) as refused:
        resolve({}, {}, file)
    return [problem.replace(str(file), "FILE") for problem in refused.value.problems]


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "---\n", "{}\n", "workers:\n", "workers: ~\nname: null\n", "\ufeff"]
)
def test_a_file_may_set_nothing(file, text):
    file.write_text(text, encoding="utf-8")
    assert resolve({}, {}, file).config == Config()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- workers\n", "FILE line 1: is not a mapping of settings to values"),
        ("workers 4\n", "FILE line 1: is not a mapping of settings to values"),
        ("workers: 1\nname: [x\n", "FILE line 3: is not YAML: expected ',' or ']', but got '<stream end>'"),
        ("workers: 1\n---\nworkers: 2\n", "FILE line 2: is not YAML: but found another document"),
        ("\nworkers: 1\n\nworkers: 2\n", "workers: is given twice (FILE lines 2 and 4)"),
        ("workers: [1]\n", "workers: is a list; one value is expected (FILE line 1)"),
        ("workers: {least: 1}\n", "workers: is a mapping; one value is expected (FILE line 1)"),
        ("queues: [[a]]\n", "queues: a member of the list is not a plain value (FILE line 1)"),
        ("queues: &a [*a]\n", "queues: a member of the list is not a plain value (FILE line 1)"),
        ("queues: [a, ~]\n", "queues: a member of the list is not a plain value (FILE line 1)"),
        ("[a]: 1\n", "FILE line 1: a key must be the name of a setting"),
        ("name: !secret x\n", 'name: the tag "!secret" is not understood here (FILE line 1)'),
        ("max-attempts: 3\n", "max-attempts: unknown setting; did you mean max_attempts? (FILE line 1)"),
        ("zzz: 3\n", "zzz: unknown setting (FILE line 1)"),
        ("name: 'a\x01b'\n", "FILE: is not YAML: unacceptable character #x0001: special characters are not allowed"),
        ("name: *x\n", "FILE line 1: is not YAML: found undefined alias 'x'"),
        ("[" * 1200, "FILE: is nested too deeply"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(file, text, problem):
    file.write_text(text)
    assert problems(file) == [problem]


def test_a_file_that_cannot_be_read(file, tmp_path):
    assert problems(file) == ["FILE: cannot be read: No such file or directory"]
    file.mkdir()
    assert problems(file) == ["FILE: cannot be read: Is a directory"]


def test_a_file_that_is_too_large_is_not_parsed(file):
    file.write_bytes(b"[" * 10_000_000)
    assert problems(file) == ["FILE: is larger than 64 KiB; is this a configuration file?"]


def test_a_file_that_is_not_utf_8(file):
    file.write_bytes(b"workers: 1\nname: caf\xe9\n")
    assert problems(file) == ["FILE line 2: is not UTF-8"]


def test_yaml_words_for_yes_and_no_are_left_to_the_setting(file):
    file.write_text("preload: off\nname: no\nlog_jobs: on\nwake_ups: False\nschema: yes\n")
    config = resolve({}, {}, file).config
    assert (config.preload, config.name, config.log_jobs, config.wake_ups, config.schema) == (
        "off",
        "no",
        True,
        False,
        "yes",
    )


def test_yaml_numbers_in_other_bases_are_not_guessed_at(file):
    file.write_text("workers: 010\nmax_run_time: 1:30\n")
    assert problems(file) == [
        'max_run_time: "1:30" is not a duration: seconds, or a number with s, m, h or d (FILE line 2)'
    ]
    file.write_text("workers: 010\n")
    assert resolve({}, {}, file).config.workers == 10
