"""The log: one line for each event, whatever is in it, and nobody waits for whoever reads it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from delayed_daemon.host import logs
from delayed_daemon.host.logs import LineWriter

FORGERIES = "a\nb\r\nc\x1b[2Jd\x00e\x7ff\x85g\x9b1mh\u2028i\u2029j\x0bk\x0cl"


class Reader:
    """A pipe, and whoever reads it."""

    def __init__(self) -> None:
        self.reads, self.writes = os.pipe()
        os.set_blocking(self.reads, False)

    def text(self) -> str:
        octets = b""
        with suppress(BlockingIOError):
            while chunk := os.read(self.reads, 65536):
                octets += chunk
        return octets.decode()

    def leave(self) -> None:
        os.close(self.reads)
        self.reads = -1

    def close(self) -> None:
        for fd in (self.reads, self.writes):
            if fd >= 0:
                os.close(fd)


@pytest.fixture
def reader() -> Iterator[Reader]:
    reader = Reader()
    yield reader
    structlog.reset_defaults()
    reader.close()


def logged(reader: Reader, level: str = "info", form: str = "json") -> structlog.typing.FilteringBoundLogger:
    logs.configure(level, form, reader.writes)
    return structlog.get_logger()


def test_an_event_is_one_line_of_json_with_its_fields(reader):
    logged(reader).warning("worker.died", worker=3, how="killed by SIGKILL", seconds=1.23456)

    line = reader.text()
    assert line.endswith("\n")
    event = json.loads(line)
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "level": "warning",
        "event": "worker.died",
        "worker": 3,
        "how": "killed by SIGKILL",
        "seconds": 1.235,
    }


@pytest.mark.parametrize("form", ["json", "pretty"])
def test_no_field_can_forge_a_second_line_or_drive_a_terminal(reader, form):
    logged(reader, form=form).error("job.failed", error=FORGERIES)

    line = reader.text()
    assert line.count("\n") == 1
    assert len(line.splitlines()) == 1
    assert not {letter for letter in line[:-1] if not letter.isprintable()}


@pytest.mark.parametrize("form", ["json", "pretty"])
def test_an_error_of_several_lines_is_one_line_with_readable_breaks(reader, form):
    logged(reader, form=form).error("job.failed", error="first\nsecond\x1b[2J")

    line = reader.text()
    assert len(line.splitlines()) == 1
    assert "first\\nsecond" in line
    assert "\x1b[2J" not in line
    if form == "json":
        assert json.loads(line)["error"] == "first\nsecond\\x1b[2J"


@given(value=st.text(alphabet=st.characters(), max_size=50))
def test_whatever_a_field_holds_its_event_is_one_readable_line(value):
    reader = Reader()
    logged(reader).info("job.completed", name=value)
    line = reader.text()
    reader.close()
    structlog.reset_defaults()

    assert len(line.splitlines()) == 1
    assert json.loads(line)["event"] == "job.completed"


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_nothing_below_the_level_is_logged(reader, level):
    log = logged(reader, level)
    for name in ("debug", "info", "warning", "error"):
        getattr(log, name)(name)

    names = ["debug", "info", "warning", "error"]
    assert [json.loads(line)["event"] for line in reader.text().splitlines()] == names[names.index(level) :]


def test_auto_is_json_where_there_is_no_terminal(reader):
    logged(reader, form="auto").info("daemon.started")

    assert json.loads(reader.text())["event"] == "daemon.started"


@pytest.mark.parametrize("letter", ["x", "é", "🐘"])
def test_a_line_is_never_longer_than_what_a_pipe_takes_in_one_piece(reader, letter):
    LineWriter(reader.writes).msg("begin " + letter * 100_000)

    line = reader.text()
    assert line.startswith("begin " + letter * 3)
    assert line.endswith("…\n")
    assert len(line.encode()) <= 4096


@pytest.mark.timeout(20)
def test_a_reader_that_has_stalled_blocks_nobody_and_what_is_lost_is_counted(reader):
    writer = LineWriter(reader.writes)

    for number in range(1000):
        writer.msg(f"{number} " + "x" * 1000)

    assert writer.dropped > 0
    lines = reader.text().splitlines()
    assert len(lines) + writer.dropped == 1000
    assert [line.split()[0] for line in lines] == [str(number) for number in range(len(lines))]

    writer.msg("it reads again")
    assert reader.text() == "it reads again\n"


def test_a_reader_that_has_left_is_no_error_and_what_is_lost_is_counted(reader):
    writer = LineWriter(reader.writes)
    writer.msg("heard")
    reader.leave()

    writer.msg("lost")
    writer.msg("lost")

    assert writer.dropped == 2


def test_a_descriptor_that_a_job_has_closed_is_no_error(reader):
    writer = LineWriter(reader.writes)
    os.close(reader.writes)
    reader.writes = -1

    writer.msg("lost")

    assert writer.dropped == 1


def test_a_lone_surrogate_is_written_escaped(reader):
    LineWriter(reader.writes).msg("name \udcff")

    assert reader.text() == "name \\udcff\n"
