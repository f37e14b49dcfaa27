"""Maintenance, one process per daemon: heartbeat, verdicts on dead workers, rescue, wake-ups, statistics.

It is the only process of the daemon that acts on jobs it does not perform, and it has none of the
application's code. It never waits for a row or table lock. One chore a file, each able to run once
without the loop.
"""
