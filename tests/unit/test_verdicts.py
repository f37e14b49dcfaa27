"""The verdict on a dead worker: what it finished counts, what it had in hand failed, the rest is given back."""

from __future__ import annotations

import signal
import uuid
from datetime import timedelta

import pytest

from delayed_daemon.host.clock import monotonic_ns
from delayed_daemon.host.scoreboard import Scoreboard
from delayed_daemon.host.slot import Ending, Execution, Slot
from delayed_daemon.maintenance.verdicts import pronounce
from tests.unit.records import Table

HOLDER = uuid.uuid4()
PREFIX = f"host:7/{HOLDER.hex}/4/"


@pytest.fixture
def slot() -> Slot:
    """A worker that claimed 1 to 5 with its third claim."""
    slot = Scoreboard(1).slots[0]
    slot.occupy(generation=4, number=1, pool=0)
    slot.holder = HOLDER
    slot.claim_begun = slot.claim_finished = 3
    slot.executions_used = 2
    slot.enter_batch(3, [1, 2, 3, 4, 5])
    return slot


@pytest.fixture
def table() -> Table:
    table = Table()
    table.lock(f"{PREFIX}3", 1, 2, 3, 4, 5)
    return table


def in_hand(slot: Slot, position: int, job_id: int, attempts: int = 2) -> None:
    slot.take_in_hand(position, Execution(job_id, 3, monotonic_ns() - 12_340_000_000, monotonic_ns(), attempts, -1))


def die(slot: Slot, wait_status: int = signal.SIGKILL, ending: Ending = Ending.ITSELF, peak_kib: int = 0) -> None:
    slot.ending = ending
    slot.wait_status = wait_status
    slot.peak_kib = peak_kib
    slot.ended_ns = monotonic_ns()
    slot.ended = 1


def judge(slot: Slot, table: Table) -> None:
    pronounce(slot, "host:7", table, table, 5)


def test_what_was_finished_is_settled_in_hand_failed_and_the_rest_given_back(slot, table):
    slot.enter_ring(1, 3)
    slot.enter_ring(2, 3)
    in_hand(slot, 0, 3)
    die(slot)

    judge(slot, table)

    assert table.deleted == [1, 2]
    assert list(table.crashes) == [3]
    assert table.released == [4, 5]
    assert not table.suspects
    assert table.calls[0] == "settle", "what is finished comes first"
    assert slot.free


def test_a_job_that_was_finished_but_not_yet_put_down_is_not_to_blame(slot, table):
    in_hand(slot, 0, 1)
    slot.enter_ring(1, 3)
    die(slot)

    judge(slot, table)

    assert table.deleted == [1]
    assert not table.crashes
    assert table.released == [2, 3, 4, 5]


def test_of_several_jobs_in_hand_none_is_blamed_and_all_are_suspect(slot, table):
    in_hand(slot, 0, 1)
    in_hand(slot, 1, 2)
    die(slot)

    judge(slot, table)

    assert not table.crashes
    assert table.suspects == [1, 2]
    assert table.released == [3, 4, 5]


def test_a_worker_that_the_shutdown_killed_gives_everything_back_unharmed(slot, table):
    slot.enter_ring(1, 3)
    in_hand(slot, 0, 2)
    die(slot, ending=Ending.SHUTDOWN)

    judge(slot, table)

    assert table.deleted == [1]
    assert not table.crashes
    assert table.released == [2, 3, 4, 5]


def test_claims_of_others_and_of_earlier_generations_are_left_alone(slot, table):
    others = [f"host:7/{HOLDER.hex}/40/3", f"host:7/{uuid.uuid4().hex}/4/3", f"host:8/{HOLDER.hex}/4/3"]
    for number, token in enumerate(others):
        table.lock(token, 100 + number)
    die(slot)

    judge(slot, table)

    assert [job_id for job_id, _ in table.locked] == [100, 101, 102]


def test_a_verdict_may_be_repeated(slot, table):
    slot.enter_ring(1, 3)
    in_hand(slot, 0, 2)
    die(slot)
    judge(slot, table)
    before = list(table.deleted), list(table.released)

    slot.settled = 0
    judge(slot, table)

    assert (table.deleted, table.released) == before


def test_a_worker_that_never_claimed_costs_no_statement(slot, table):
    slot.claim_begun = 0
    die(slot)

    judge(slot, table)

    assert not table.calls
    assert slot.free


def test_a_job_that_was_performed_and_cannot_be_deleted_is_failed_and_not_performed_again(slot, table):
    table.undeletable = {1}
    slot.enter_ring(1, 3)
    slot.enter_ring(2, 3)
    die(slot)

    judge(slot, table)

    assert table.deleted == [2]
    assert table.failures[1].summary == "performed, but its row cannot be deleted: a trigger"
    assert table.released == [3, 4, 5]


@pytest.mark.parametrize(
    ("wait_status", "peak_kib", "text"),
    [
        (signal.SIGKILL, 1_992_294, "worker killed by SIGKILL, peak memory 1.9 GB, after 12.3 s"),
        (signal.SIGSEGV | 0x80, 52_224, "worker killed by SIGSEGV, core dumped, peak memory 51 MB, after 12.3 s"),
        (3 << 8, 0, "worker exited with code 3, after 12.3 s"),
        (0, 0, "worker exited with code 0, after 12.3 s"),
    ],
)
def test_the_reason_says_how_the_worker_died(slot, table, wait_status, peak_kib, text):
    in_hand(slot, 0, 1, attempts=2)
    die(slot, wait_status, peak_kib=peak_kib)
    slot.ended_ns = slot.executions()[0].started_ns + 12_340_000_000

    judge(slot, table)

    report, max_crashes, delay = table.crashes[1]
    assert report.text == text
    assert max_crashes == 5
    assert timedelta(seconds=21) <= delay <= timedelta(seconds=23.1), "as after any second failure"


def test_the_reason_of_a_job_that_ignored_its_deadline_is_the_deadline(slot, table):
    started = monotonic_ns()
    slot.take_in_hand(0, Execution(1, 3, started, started + 60_000_000_000, 1, -1))
    die(slot, ending=Ending.DEADLINE)
    slot.ended_ns = started + 65_100_000_000

    judge(slot, table)

    expected = "exceeded max_run_time (60 s) and did not stop; its worker was killed after 65.1 s"
    assert table.crashes[1][0].text == expected
