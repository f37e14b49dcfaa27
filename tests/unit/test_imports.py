"""The application's import: what is safe to fork is, what is not is said, and working code is never lost."""

from __future__ import annotations

import pytest
import structlog

from delayed_daemon.errors import CannotStart
from delayed_daemon.supervisor import imports as imports_module
from delayed_daemon.supervisor.imports import Imports
from delayed_daemon.supervisor.nursery import Born, Broken, DirectForks, News, Ready, StillBorn, Unsafe


class FakeForkServer:
    """A fork server whose news are up to the test."""

    started: list[FakeForkServer]
    refusal: OSError | None = None

    def __init__(self, _half: object) -> None:
        self.pid: int | None = None
        self.stopped = False
        self._news: list[News] = []

    def start(self) -> None:
        if FakeForkServer.refusal is not None:
            raise FakeForkServer.refusal
        self.started.append(self)
        self.pid = 500 + len(self.started)

    def fileno(self) -> int | None:
        return self.pid

    def ask(self, generation: int, slot: int) -> None: ...

    def tell(self, *news: News) -> None:
        self._news.extend(news)

    def news(self) -> list[News]:
        news, self._news = self._news, []
        return news

    def stop(self) -> None:
        self.stopped = True


class Scene:
    def __init__(self, preload: str) -> None:
        self.replaced = 0
        self.imports = Imports(lambda _channel: 0, lambda _slot, _generation: 0, preload, self._note)
        self.now = 1000.0

    def _note(self) -> None:
        self.replaced += 1

    def hear(self) -> list[News]:
        return list(self.imports.hear(self.now))

    def first_import(self) -> FakeForkServer:
        self.imports.fill(self.now)
        server = FakeForkServer.started[-1]
        server.tell(Ready())
        self.hear()
        assert self.imports.nursery is server
        return server

    def reload(self, *news: News) -> FakeForkServer:
        self.imports.reload(self.now)
        server = FakeForkServer.started[-1]
        server.tell(*news)
        self.hear()
        return server


@pytest.fixture(autouse=True)
def _fork_servers(monkeypatch):
    monkeypatch.setattr(FakeForkServer, "started", [], raising=False)
    monkeypatch.setattr(FakeForkServer, "refusal", None)
    monkeypatch.setattr(imports_module, "ForkServer", FakeForkServer)


@pytest.fixture
def scene() -> Scene:
    return Scene("auto")


def test_workers_come_from_the_fork_server_once_it_has_imported(scene):
    scene.imports.fill(scene.now)
    scene.imports.fill(scene.now)
    (server,) = FakeForkServer.started
    assert scene.imports.nursery is None
    assert scene.imports.filenos() == [501]

    server.tell(Ready(), Born(1, 100), StillBorn(2, "no memory"))

    assert scene.hear() == [Born(1, 100), StillBorn(2, "no memory")]
    assert scene.imports.nursery is server
    assert scene.replaced == 0


def test_with_preload_off_the_supervisor_forks_by_itself():
    scene = Scene("off")
    scene.imports.fill(scene.now)
    scene.hear()

    assert isinstance(scene.imports.nursery, DirectForks)
    assert not FakeForkServer.started


@pytest.mark.parametrize("preload", ["auto", "on"])
def test_a_first_import_that_fails_is_the_end_of_the_start(preload):
    scene = Scene(preload)
    scene.imports.fill(scene.now)
    FakeForkServer.started[0].tell(Broken("ModuleNotFoundError: No module named 'shop'"))

    with pytest.raises(CannotStart, match="cannot be imported\nModuleNotFoundError: No module named 'shop'"):
        scene.hear()


def test_a_first_import_that_ends_its_process_is_the_end_of_the_start(scene):
    scene.imports.fill(scene.now)

    with pytest.raises(CannotStart, match="the import ended its process: killed by SIGSEGV"):
        scene.imports.ended(501, 11, scene.now)


def test_an_import_that_must_not_be_forked_falls_back_to_each_worker_and_says_why(scene):
    scene.imports.fill(scene.now)
    (server,) = FakeForkServer.started
    server.tell(Unsafe("the import left running threads: metrics"))

    with structlog.testing.capture_logs() as logged:
        scene.hear()
    scene.imports.fill(scene.now)
    scene.hear()

    assert server.stopped
    assert isinstance(scene.imports.nursery, DirectForks)
    assert [(line["event"], line["reason"]) for line in logged] == [
        ("fork_server.not_used", "the import left running threads: metrics")
    ]


def test_with_preload_on_an_import_that_must_not_be_forked_is_the_end_of_the_start():
    scene = Scene("on")
    scene.imports.fill(scene.now)
    FakeForkServer.started[0].tell(Unsafe("the import left 1 open socket(s)"))

    with pytest.raises(CannotStart, match=r"preload is on, .*: the import left 1 open socket"):
        scene.hear()


def test_a_reload_that_works_replaces_the_old_fork_server_and_its_workers(scene):
    old = scene.first_import()

    new = scene.reload(Ready())

    assert scene.imports.nursery is new
    assert old.stopped
    assert not new.stopped
    assert scene.replaced == 1


@pytest.mark.parametrize("preload", ["auto", "on"])
def test_a_reload_that_fails_keeps_the_old_code_and_shows_the_error(preload):
    scene = Scene(preload)
    old = scene.first_import()

    with structlog.testing.capture_logs() as logged:
        new = scene.reload(Broken("SyntaxError: invalid syntax"))

    assert scene.imports.nursery is old
    assert not old.stopped
    assert new.stopped
    assert scene.replaced == 0
    failure = next(line for line in logged if line["event"] == "daemon.reload_failed")
    assert failure["error"] == "the application cannot be imported\nSyntaxError: invalid syntax"
    assert scene.reload(Ready()) is scene.imports.nursery, "the next reload may work"


def test_a_reload_whose_import_ends_its_process_keeps_the_old_code(scene):
    old = scene.first_import()
    scene.imports.reload(scene.now)

    assert scene.imports.ended(502, 9, scene.now)

    assert scene.imports.nursery is old
    assert not old.stopped


def test_a_reload_to_code_that_must_not_be_forked_is_a_reload_all_the_same(scene):
    old = scene.first_import()

    scene.reload(Unsafe("the import left running threads: metrics"))
    scene.hear()

    assert isinstance(scene.imports.nursery, DirectForks)
    assert old.stopped
    assert scene.replaced == 1


def test_with_preload_on_a_reload_to_code_that_must_not_be_forked_keeps_the_old_code():
    scene = Scene("on")
    old = scene.first_import()

    with structlog.testing.capture_logs() as logged:
        scene.reload(Unsafe("the import left running threads: metrics"))

    assert scene.imports.nursery is old
    assert not old.stopped
    assert "metrics" in next(line["error"] for line in logged if line["event"] == "daemon.reload_failed")


def test_reloads_during_an_import_are_one(scene):
    scene.first_import()

    for _ in range(5):
        scene.imports.reload(scene.now)

    assert len(FakeForkServer.started) == 2


def test_births_of_the_old_fork_server_are_heard_while_the_new_one_imports(scene):
    old = scene.first_import()
    scene.imports.reload(scene.now)
    old.tell(Born(7, 107))

    assert scene.hear() == [Born(7, 107)]


def test_a_fork_server_that_dies_is_started_again_and_counts_as_a_reload(scene):
    scene.first_import()

    scene.now += 60
    assert scene.imports.ended(501, 9, scene.now)
    assert scene.imports.nursery is None
    scene.imports.fill(scene.now)
    FakeForkServer.started[-1].tell(Ready())
    scene.hear()

    assert scene.imports.nursery is FakeForkServer.started[1]
    assert scene.replaced == 1


def test_a_fork_server_that_dies_again_and_again_is_started_at_ever_longer_intervals(scene):
    scene.first_import()
    waits = []
    for death in range(1, 9):
        assert scene.imports.ended(500 + death, 9, scene.now)
        wait = scene.imports.next_fill(scene.now)
        assert wait is not None
        waits.append(wait)
        scene.now += wait
        scene.imports.fill(scene.now)
        FakeForkServer.started[-1].tell(Ready())
        scene.hear()
    assert waits[0] >= 1.0
    assert max(waits) > 5.0


def test_when_the_new_import_fails_without_an_old_one_it_is_tried_again_later(scene):
    scene.first_import()
    scene.now += 60
    scene.imports.ended(501, 9, scene.now)
    scene.imports.fill(scene.now)
    FakeForkServer.started[-1].tell(Broken("OSError: disk"))
    scene.hear()

    scene.imports.fill(scene.now)
    assert len(FakeForkServer.started) == 2, "not at once"
    wait = scene.imports.next_fill(scene.now)
    assert wait is not None
    assert wait > 0
    scene.now += wait
    scene.imports.fill(scene.now)
    assert len(FakeForkServer.started) == 3


def test_a_machine_without_room_for_a_process_is_asked_again_later(scene, monkeypatch):
    monkeypatch.setattr(FakeForkServer, "refusal", OSError(11, "no"))
    with structlog.testing.capture_logs() as logged:
        scene.imports.fill(scene.now)
        scene.imports.fill(scene.now)
    assert [line["event"] for line in logged] == ["fork_server.not_forked"]

    monkeypatch.setattr(FakeForkServer, "refusal", None)
    scene.now += 60
    scene.imports.fill(scene.now)
    assert len(FakeForkServer.started) == 1


def test_strangers_are_no_fork_servers(scene):
    scene.first_import()
    assert not scene.imports.ended(999, 0, scene.now)
    assert scene.imports.nursery is not None


def test_stopping_stops_the_old_and_the_new(scene):
    old = scene.first_import()
    scene.imports.reload(scene.now)

    scene.imports.stop()

    assert old.stopped
    assert FakeForkServer.started[-1].stopped
    assert scene.imports.nursery is None
    assert scene.imports.filenos() == []
