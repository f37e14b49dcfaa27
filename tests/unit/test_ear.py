"""The listener: which calls are for us, and that it notices when it hears nothing."""

from __future__ import annotations

from types import SimpleNamespace

import structlog

from delayed_daemon.config import Pool
from delayed_daemon.maintenance.ear import Call, Ear


class Line:
    """A connection whose notifications are up to the test; it hears nothing of what is sent on it."""

    def __init__(self, backend: int) -> None:
        self.info = SimpleNamespace(backend_pid=backend)
        self.heard: list[str] = []
        self.sent: list[str] = []
        self.closed = False

    def execute(self, statement: str, parameters: tuple[str, str] | None = None) -> None:
        self.sent.append(parameters[1] if parameters else statement)

    def notifies(self, timeout: float) -> list[SimpleNamespace]:
        heard, self.heard = self.heard, []
        return [SimpleNamespace(payload=payload) for payload in heard]

    def close(self) -> None:
        self.closed = True


def test_only_calls_for_tables_of_this_schema_are_heard():
    line = Line(7)
    ear = Ear(lambda: line, "shop")
    assert ear.listen(1.0) == [Call()], "whoever enqueued before it listened"
    line.heard = ["shop", "shop mail -3", "other mail 1", "probe 9", "shop mail x", "\x00", "a b c d"]
    assert ear.listen(2.0) == [Call(), Call("mail", -3), Call("mail", None)]


def test_a_call_concerns_the_pools_that_serve_its_queue_and_priority():
    mail = Pool(queues=("mail",), max_priority=5)
    assert Call("mail", 5).concerns(mail)
    assert not Call("mail", 6).concerns(mail)
    assert not Call("images", 0).concerns(mail)
    assert Call().concerns(mail)
    assert Call("mail", None).concerns(mail)


def test_a_line_on_which_the_probe_is_not_heard_is_opened_again():
    lines = [Line(1), Line(2)]
    opened = iter(lines)
    ear = Ear(lambda: next(opened), "shop")
    ear.listen(0.0)
    ear.listen(15.0)
    assert lines[0].sent[-1] == "probe 1"
    with structlog.testing.capture_logs() as logged:
        assert ear.listen(30.0) == []
    assert [entry["event"] for entry in logged] == ["listener.lost"]
    assert lines[0].closed
    assert ear.listen(30.0 + ear.next_look(30.0)) == [Call()]
    assert lines[1].sent == ["LISTEN delayed_jobs"]


def test_a_line_that_hears_its_probe_stays_open():
    line = Line(1)
    ear = Ear(lambda: line, "shop")
    for now in range(0, 300, 15):
        ear.listen(float(now))
        line.heard = ["probe 1"]
    assert not line.closed
    assert sum(sent == "probe 1" for sent in line.sent) == 19
