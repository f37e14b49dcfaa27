"""How much a worker claims at once, and when another takes its place."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delayed_daemon.worker import quota as quota_module
from delayed_daemon.worker.pace import FILL_SECONDS, Pace, until_next_look
from delayed_daemon.worker.quota import Quota


def after(pace: Pace, *batches: tuple[int, float]) -> int:
    for jobs, seconds in batches:
        pace.note(jobs, seconds)
    return pace.read_ahead()


def test_the_first_claim_is_of_one_job():
    assert Pace(500).read_ahead() == 1


def test_fast_jobs_are_claimed_by_the_cap_after_a_few_claims_each_at_most_four_times_the_last():
    pace = Pace(500)
    claims = [pace.read_ahead()]
    for _ in range(6):
        claims.append(after(pace, (claims[-1], claims[-1] * 1e-5)))

    assert claims[-1] == 500
    assert all(following <= 4 * last for last, following in itertools.pairwise(claims))


@pytest.mark.parametrize("seconds", [0.05, 0.06, 1.0, 3600.0])
def test_slow_jobs_are_claimed_one_at_a_time(seconds):
    pace = Pace(500)
    assert [after(pace, (1, seconds)) for _ in range(5)] == [1] * 5


def test_one_slow_job_among_fast_ones_shrinks_the_next_claim_to_one():
    pace = Pace(500)
    for _ in range(10):
        after(pace, (500, 0.005))
    assert pace.read_ahead() == 500

    assert after(pace, (1, 2.0)) == 1


def test_a_claim_fills_about_fifty_milliseconds():
    pace = Pace(500)
    for _ in range(30):
        claimed = after(pace, (10, 10 * 0.002))

    assert claimed == pytest.approx(FILL_SECONDS / 0.002, abs=1)


def test_fast_jobs_are_claimed_in_numbers_again_some_time_after_a_slow_one():
    pace = Pace(100)
    after(pace, (1, 10.0))
    for _ in range(60):
        claimed = after(pace, (1, 1e-5))

    assert claimed == 100


@given(
    most=st.integers(1, 1000),
    batches=st.lists(st.tuples(st.integers(1, 1000), st.floats(0, 1e6)), max_size=40),
)
def test_a_claim_is_of_one_job_at_least_and_the_cap_at_most_and_grows_at_most_fourfold(most, batches):
    pace = Pace(most)
    last = pace.read_ahead()
    for jobs, seconds in batches:
        claimed = after(pace, (jobs, seconds))
        assert 1 <= claimed <= min(most, 4 * last)
        last = claimed


class Clock:
    def __init__(self) -> None:
        self.seconds = 500.0

    def __call__(self) -> int:
        return int(self.seconds * 1e9)


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(quota_module, "monotonic_ns", clock)
    return clock


def test_a_number_given_is_exact(clock):
    quota = Quota(10)
    quota.spend(7)
    assert (quota.left(), quota.is_spent) == (3, False)

    quota.spend(3)
    assert (quota.left(), quota.is_spent) == (0, True)


def test_zero_is_no_limit(clock):
    quota = Quota(0)
    clock.seconds += 1e6
    quota.spend(10**9)

    assert quota.left() > 10**6
    assert not quota.is_spent


def test_idle_workers_do_not_poll_in_step():
    assert (until_next_look(10.0, lambda: 0.0), until_next_look(10.0, lambda: 1.0)) == (5.0, 10.0)
    assert len({until_next_look(10.0) for _ in range(20)}) > 1


def test_unless_given_fast_jobs_do_not_renew_a_young_worker(clock):
    quota = Quota(None)
    quota.spend(100_000)
    assert quota.left() > 1000
    assert not quota.is_spent

    clock.seconds += 61
    assert quota.is_spent
    assert quota.left() == 0


def test_unless_given_an_old_worker_is_renewed_after_a_thousand_jobs_and_up_to_a_tenth_more(clock):
    for draw, jobs in ((0.0, 1000), (1.0, 1100)):
        quota = Quota(None, draw=lambda draw=draw: draw)
        clock.seconds += 86400
        quota.spend(jobs - 1)
        assert not quota.is_spent

        quota.spend(1)
        assert quota.is_spent


@pytest.mark.parametrize("restart_after", [None, 0, 100])
def test_an_allowance_bounds_the_jobs_in_any_case(clock, restart_after):
    quota = Quota(restart_after, allowance=5)
    assert quota.left() == 5

    quota.spend(5)
    assert (quota.left(), quota.is_exhausted) == (0, True)


def test_without_an_allowance_nothing_is_ever_exhausted(clock):
    quota = Quota(1)
    quota.spend(100)
    assert not quota.is_exhausted
