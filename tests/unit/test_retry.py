"""When a failed job, and a failed connection or start, is tried again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delayed_daemon.backoff import Backoff
from delayed_daemon.retry import retry_delay


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 6), (2, 21), (3, 86), (4, 261), (5, 630), (6, 1301)])
def test_the_delay_is_delayed_jobs_when_nothing_is_added(attempts, seconds):
    assert retry_delay(attempts, lambda: 0.0) == timedelta(seconds=seconds)


@given(attempts=st.integers(0, 74), jitter=st.floats(0, 1, exclude_max=True))
def test_at_most_a_tenth_is_added(attempts, jitter):
    least = timedelta(seconds=5 + attempts**4)

    assert least <= retry_delay(attempts, lambda: jitter) <= least * 1.1


@given(attempts=st.integers(75, 10**30))
def test_no_number_of_attempts_puts_a_job_off_for_much_more_than_a_year(attempts):
    assert timedelta(days=366) <= retry_delay(attempts, lambda: 0.0) <= timedelta(days=366)
    assert retry_delay(attempts) <= timedelta(days=366) * 1.1


def test_jobs_that_failed_together_do_not_come_back_together():
    assert len({retry_delay(3) for _ in range(50)}) > 40


def test_a_backoff_doubles_its_bound_up_to_the_most():
    backoff = Backoff(0.1, 1.0, lambda: 1.0)

    assert [backoff.next() for _ in range(6)] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.0, 1.0])


@given(draws=st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=50))
def test_a_wait_is_never_shorter_than_the_least_nor_longer_than_the_most(draws):
    remaining = iter(draws)
    backoff = Backoff(0.5, 30.0, lambda: next(remaining))

    assert all(0.5 <= backoff.next() <= 30.0 for _ in draws)


def test_after_a_success_a_backoff_starts_over():
    backoff = Backoff(0.1, 30.0, lambda: 1.0)
    assert backoff.fresh
    for _ in range(5):
        backoff.next()
    assert not backoff.fresh

    backoff.reset()

    assert backoff.fresh
    assert backoff.next() == 0.1
