"""Many objects that become rows together."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Any

from delayed_daemon.client.configuration import configuration
from delayed_daemon.client.handle import Job
from delayed_daemon.client.inserting import Step, number
from delayed_daemon.client.preparing import NEVER, Moments, Options, Preparation, write_handler
from delayed_daemon.store.copying import NOTHING, Moment, copying, drawing_request, escaped, line_end, waking_request
from delayed_daemon.store.enqueue import NewJob, Wake, enqueue_many_request, wake_payload

WORTH_A_COPY = 200
"""COPY takes less time than one statement from about 50 jobs on, and five round trips more."""
_AT_ONCE = 500


class Batch:
    """The jobs of one ``enqueue_many``, in the order given."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self._moments: list[Moments] = []

    def take(self, payloads: Iterable[object], options: Options) -> Iterator[None]:
        """Make jobs of them, some at each step, so that others may have a turn in between."""
        preparation = Preparation(options)
        for index, payload in enumerate(payloads):
            try:
                job, moments = preparation.job(payload)
            except Exception as error:
                _tell_which(error, index)
                raise
            self.jobs.append(job)
            self._moments.append(moments)
            if index % _AT_ONCE == _AT_ONCE - 1:
                yield

    def write_handlers(self) -> Iterator[None]:
        """As `take`. What is not written before, `insertion` writes while it inserts."""
        for start in range(0, len(self.jobs), _AT_ONCE):
            self._write_handlers(start)
            yield

    def take_out_inline(self) -> list[Job]:
        """Those that are to be performed at once leave the batch."""
        if configuration.delays_all:
            return []
        for _ in self.write_handlers():
            pass
        delayed = [configuration.delays(job) for job in self.jobs]
        inline = [job for job, waits in zip(self.jobs, delayed, strict=True) if not waits]
        self.jobs = [job for job, waits in zip(self.jobs, delayed, strict=True) if waits]
        self._moments = [moments for moments, waits in zip(self._moments, delayed, strict=True) if waits]
        return inline

    @property
    def is_worth_a_copy(self) -> bool:
        return len(self.jobs) >= WORTH_A_COPY

    def insertion(self, schema: str, wake: Wake, *, by_copy: bool) -> Generator[Step, Any, None]:
        """What to send, step by step; the answer to each is sent in. By copy it takes several, in one transaction."""
        if by_copy:
            moments = list(dict.fromkeys(moment for each in set(self._moments) for moment in (each[:2], each[2:])))
            drawn = yield drawing_request(schema, len(self.jobs), moments)
            if drawn:
                ids, texts, epochs = drawn[0]
                yield copying(schema, self._blocks(ids, dict(zip(moments, texts, strict=True))))
                yield waking_request(schema, wake, wake_payload(schema, {(j.queue, j.priority) for j in self.jobs}))
                number(self.jobs, self._told(ids, dict(zip(moments, epochs, strict=True))))
                return
        for start in range(0, len(self.jobs), _AT_ONCE):
            self._write_handlers(start)
        number(self.jobs, (yield enqueue_many_request(schema, self._rows(), wake)))

    def _blocks(self, ids: Sequence[int], texts: dict[Moment, str]) -> Iterator[bytes]:
        """The rows as COPY reads them. Most differ in their handlers only."""
        ends: dict[tuple[str, int, Moments], str] = {}
        for start in range(0, len(self.jobs), _AT_ONCE):
            self._write_handlers(start)
            lines = []
            for index in range(start, min(start + _AT_ONCE, len(self.jobs))):
                job, moments = self.jobs[index], self._moments[index]
                end = ends.get((job.queue, job.priority, moments))
                if end is None:
                    expires_at = NOTHING if moments[2:] == NEVER else texts[moments[2:]]
                    end = line_end(job.queue, job.priority, texts[moments[:2]], expires_at)
                    ends[job.queue, job.priority, moments] = end
                lines.append(f"{ids[index]}\t{escaped(job.handler)}{end}")
            yield "".join(lines).encode()

    def _told(self, ids: Sequence[int], epochs: dict[Moment, float]) -> Iterator[tuple[int, float, float | None]]:
        for id, moments in zip(ids, self._moments, strict=True):
            yield id, epochs[moments[:2]], None if moments[2:] == NEVER else epochs[moments[2:]]

    def _write_handlers(self, start: int) -> None:
        for index in range(start, min(start + _AT_ONCE, len(self.jobs))):
            try:
                write_handler(self.jobs[index])
            except Exception as error:
                _tell_which(error, index)
                raise

    def _rows(self) -> list[NewJob]:
        pairs = zip(self.jobs, self._moments, strict=True)
        return [NewJob(job.handler, job.queue, job.priority, *moments) for job, moments in pairs]


def _tell_which(error: Exception, index: int) -> None:
    error.add_note(f"enqueue_many: item {index}; nothing was enqueued")
