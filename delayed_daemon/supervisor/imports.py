"""The application's import: the nursery in use, and the candidate that is to replace it once it has proved itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import structlog

from delayed_daemon.backoff import Backoff
from delayed_daemon.errors import CannotStart
from delayed_daemon.host import processes
from delayed_daemon.supervisor.fleet import SETTLED_AFTER_SECONDS
from delayed_daemon.supervisor.nursery import (
    Born,
    Broken,
    DirectForks,
    ForkServer,
    ForkServerHalf,
    News,
    Nursery,
    Ready,
    StillBorn,
    Unsafe,
    WorkerHalf,
)

log = structlog.get_logger()


class Imports:
    """``preload`` is auto, on or off. ``replaced`` is called when workers of older code are to be relieved.

    CannotStart comes out of `hear` when the very first import fails; later ones are tried again.
    """

    def __init__(
        self, fork_server: ForkServerHalf, worker: WorkerHalf, preload: str, replaced: Callable[[], None]
    ) -> None:
        self._fork_server = fork_server
        self._worker = worker
        self._preload = preload
        self._replaced = replaced
        self._direct = preload == "off"
        self._candidate: Nursery | None = None
        self._succeeded_once = False
        self._backoff = Backoff(1.0, 60.0)
        self._not_before = 0.0
        self._promoted_at = 0.0
        self.nursery: Nursery | None = None

    def do_without_fork_server(self) -> None:
        self._direct = True

    def fill(self, now: float) -> None:
        """Start an import when there is no nursery and none is being prepared."""
        if self.nursery is None and self._candidate is None and now >= self._not_before:
            self._prepare(now)

    def reload(self, now: float) -> None:
        """Import anew, beside the nursery in use; without effect while an import is under way."""
        if self._candidate is None:
            log.info("daemon.reloading")
            self._prepare(now)

    def next_fill(self, now: float) -> float | None:
        """Seconds until an import is due, None when none is."""
        return self._not_before - now if self.nursery is None and self._candidate is None else None

    def filenos(self) -> list[int]:
        return [fd for nursery in self._nurseries() if (fd := nursery.fileno()) is not None]

    def hear(self, now: float) -> Iterator[Born | StillBorn]:
        """What became of the workers asked for; news of the import itself is acted on here."""
        for nursery in self._nurseries():
            for news in nursery.news():
                if isinstance(news, Born | StillBorn):
                    yield news
                else:
                    self._decide(nursery, news, now)

    def ended(self, pid: int, wait_status: int, now: float) -> bool:
        """A child was reaped: whether it was a fork server of ours. Another is started in its place."""
        nursery = next((nursery for nursery in self._nurseries() if nursery.pid == pid), None)
        if nursery is None:
            return False
        how = processes.how_it_ended(wait_status)
        if nursery is self._candidate:
            self._give_up(nursery, f"the application cannot be imported\nthe import ended its process: {how}", now)
        else:
            log.error("fork_server.died", how=how)
            self.nursery = None
            self._put_off(now)
        return True

    def _put_off(self, now: float) -> None:
        """One that dies soon after its import, again and again, is started at ever longer intervals."""
        if now - self._promoted_at > SETTLED_AFTER_SECONDS:
            self._backoff.reset()
        else:
            self._not_before = now + self._backoff.next()

    def pids(self) -> list[int | None]:
        return [nursery.pid for nursery in self._nurseries()]

    def stop(self) -> None:
        for nursery in self._nurseries():
            nursery.stop()
        self.nursery = self._candidate = None

    def _nurseries(self) -> list[Nursery]:
        return [nursery for nursery in (self.nursery, self._candidate) if nursery is not None]

    def _prepare(self, now: float) -> None:
        candidate: Nursery = ForkServer(self._fork_server)
        if self._direct:
            candidate = DirectForks(self._worker)
        try:
            candidate.start()
        except OSError as refused:
            self._not_before = now + self._backoff.next()
            log.error("fork_server.not_forked", error=os.strerror(refused.errno or 0))
        else:
            self._candidate = candidate

    def _decide(self, nursery: Nursery, news: News, now: float) -> None:
        match news:
            case Ready():
                self._promote(nursery, now)
            case Unsafe(why) if self._preload == "on":
                why = f"preload is on, but the application cannot be forked after its import: {why}"
                self._give_up(nursery, why, now)
            case Unsafe(why):
                self._fall_back(nursery, why, now)
            case Broken(error):
                self._give_up(nursery, f"the application cannot be imported\n{error}", now)

    def _promote(self, candidate: Nursery, now: float) -> None:
        if self.nursery is not None:
            self.nursery.stop()
        self.nursery, self._candidate = candidate, None
        self._promoted_at = now
        if self._succeeded_once:
            log.info("daemon.reloaded")
            self._replaced()
        self._succeeded_once = True

    def _fall_back(self, nursery: Nursery, why: str, now: float) -> None:
        nursery.stop()
        log.warning("fork_server.not_used", reason=why, consequence="each worker imports the application itself")
        self._direct = True
        self._promote(DirectForks(self._worker), now)

    def _give_up(self, nursery: Nursery, error: str, now: float) -> None:
        nursery.stop()
        self._candidate = None
        if not self._succeeded_once:
            raise CannotStart(error)
        self._not_before = now + self._backoff.next()
        log.error("daemon.reload_failed", error=error, consequence="the old code runs on")
