"""``delayed-daemon work-off``."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import click

from delayed_daemon.cli.daemon import run_daemon
from delayed_daemon.cli.exits import ExitCode
from delayed_daemon.cli.options import Given, SectionedCommand, takes_settings
from delayed_daemon.config import Config
from delayed_daemon.errors import InvalidOptions
from delayed_daemon.host.scoreboard import Scoreboard


@click.command(name="work-off", cls=SectionedCommand)
@click.argument("most", metavar="[N]", required=False, type=click.IntRange(min=1))
@click.option("--json", "as_json", is_flag=True, help="at the end, one line of JSON: what was performed")
@takes_settings()
def work_off(given: Given, most: int | None, as_json: bool) -> int:
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

    began = time.monotonic()
    board = run_daemon(given, adapt, allowance=most)
    if as_json:
        click.echo(_document(board, time.monotonic() - began))
    return ExitCode.FALSE if board is not None and board.failed_before else ExitCode.FINE


def _document(board: Scoreboard | None, seconds: float) -> str:
    """Every worker has left, so the supervisor's sums are complete; ``seconds`` are of the whole command."""
    performed, failed = (board.performed_before, board.failed_before) if board is not None else (0, 0)
    rate = round((performed + failed) / seconds, 1)
    return json.dumps({"performed": performed, "failed": failed, "seconds": round(seconds, 3), "rate": rate})
