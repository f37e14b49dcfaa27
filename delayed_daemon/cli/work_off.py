"""``delayed-daemon work-off``."""

from __future__ import annotations

from dataclasses import replace

import click

from delayed_daemon.cli.daemon import run_daemon
from delayed_daemon.cli.exits import ExitCode
from delayed_daemon.cli.options import Given, SectionedCommand, takes_settings
from delayed_daemon.config import Config
from delayed_daemon.errors import InvalidOptions


@click.command(name="work-off", cls=SectionedCommand)
@click.argument("most", metavar="[N]", required=False, type=click.IntRange(min=1))
@takes_settings()
def work_off(given: Given, most: int | None) -> int:
    """Perform the jobs that are ready, then leave.

    At most N jobs, one after the other by one worker; all, by all workers, unless N is given. The exit
    code is 1 when a job failed.
    """

    def adapt(config: Config) -> Config:
        if most is None:
            return replace(config, exit_on_complete=True)
        if len(config.pool) > 1:
            raise InvalidOptions(["pool: N jobs are performed by one worker, which can be of one pool only"])
        alone = tuple(replace(pool, workers=1) for pool in config.pool)
        return replace(config, exit_on_complete=True, workers=1, pool=alone)

    board = run_daemon(given, adapt, allowance=most)
    return ExitCode.FALSE if board is not None and board.failed_before else ExitCode.FINE
