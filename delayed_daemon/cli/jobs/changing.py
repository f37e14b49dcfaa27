"""What the commands that change jobs have in common: which jobs, a confirmation, batches, and an account."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps

import click

from delayed_daemon.cli.exits import ExitCode
from delayed_daemon.cli.jobs.selecting import Id, takes_selection
from delayed_daemon.store.backlog import BATCH, Backlog, Selection

Batches = Iterator[list[int]]
Decorated = Callable[..., int]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which jobs are to be changed, as it was typed, and whether to ask and how to answer."""

    ids: tuple[int, ...]
    selection: Selection
    all_jobs: bool
    limit: int | None
    yes: bool
    as_json: bool

    def check(self) -> None:
        """`click.UsageError` unless it is said, in one way, which jobs are meant, and somebody can be asked."""
        ways = [bool(self.ids), not self.selection.is_empty, self.all_jobs]
        if sum(ways) == 0:
            raise click.UsageError("say which jobs: their IDs, options that select jobs, or --all")
        if sum(ways) > 1:
            raise click.UsageError("either IDs, or options that select jobs, or --all")
        if not self.yes and not (sys.stdin and sys.stdin.isatty()):
            raise click.UsageError("nobody can be asked here, as standard input is no terminal: add --yes")


def takes_jobs(command: Decorated) -> Decorated:
    """Gives a command what says which jobs to change, as its argument ``wanted``."""

    @wraps(command)
    def gather(
        *args: object, ids: tuple[int, ...], selection: Selection, all_jobs: bool, limit: int | None, yes: bool,
        as_json: bool, **parameters: object,
    ) -> int:  # fmt: skip
        wanted = Wanted(ids=ids, selection=selection, all_jobs=all_jobs, limit=limit, yes=yes, as_json=as_json)
        wanted.check()
        return command(*args, wanted=wanted, **parameters)

    described: Decorated = takes_selection(gather)
    for option in reversed(_OPTIONS):
        described = option(described)
    return described


def change(
    backlog: Backlog, wanted: Wanted, verb: str, states: Sequence[str], act: Callable[[list[int]], Batches]
) -> ExitCode:
    """Change the jobs that are meant and in one of these states; says how many.

    `ExitCode.FALSE` when a job that was named is not there or in another state, or was claimed meanwhile.
    """
    ids = _ids(backlog, wanted, states)
    if not wanted.yes and ids:
        click.confirm(f"{verb} {_jobs(len(ids))}?", abort=True, err=True)
    done: list[int] = []
    try:
        _work(act(ids), len(ids), done)
    except KeyboardInterrupt:
        click.echo(f"\nInterrupted: {_jobs(len(done))} of {len(ids)} done; the others may be as they were.", err=True)
        return ExitCode.INTERRUPTED
    if wanted.as_json:
        click.echo(json.dumps({"jobs": done, "next": None}))
    else:
        click.echo(f"{verb}: {_jobs(len(done))}.")
    return _account(backlog, wanted, sorted(set(ids).difference(done)), states)


def _ids(backlog: Backlog, wanted: Wanted, states: Sequence[str]) -> list[int]:
    if wanted.ids:
        return sorted(set(wanted.ids))[: wanted.limit]
    asked = wanted.selection.states
    if foreign := [state for state in asked if state not in states]:
        raise click.UsageError(f"this is for jobs that are {' or '.join(states)}, not {' or '.join(foreign)}")
    return backlog.select(wanted.selection.in_states(asked or states), wanted.limit)


def _work(batches: Batches, length: int, done: list[int]) -> None:
    if length <= BATCH or not sys.stderr.isatty():
        for batch in batches:
            done += batch
        return
    with click.progressbar(length=length, file=sys.stderr) as bar:
        for number, batch in enumerate(batches):
            done += batch
            bar.update(min(BATCH, length - number * BATCH))


def _account(backlog: Backlog, wanted: Wanted, left: list[int], states: Sequence[str]) -> ExitCode:
    """What became of those that were not changed; of a selection only how many, as they changed by themselves."""
    if not left:
        return ExitCode.FINE
    if not wanted.ids:
        click.echo(f"{_jobs(len(left))} changed meanwhile, or their holder lives: not touched.", err=True)
        return ExitCode.FINE
    there = {job.id: job for job in backlog.listed(left)}
    for id in left:
        click.echo(f"delayed-daemon: {_why_not(id, there[id].state if id in there else None, states)}", err=True)
    return ExitCode.FALSE


def _why_not(id: int, state: str | None, states: Sequence[str]) -> str:
    if state is None:
        return f"there is no job {id}"
    if state not in states:
        return f"job {id} is {state}, not {' or '.join(states)}"
    if state == "locked":
        return f"job {id} is locked by a living daemon (--force takes it away)"
    return f"job {id} is in use by another session; try again"


def _jobs(count: int) -> str:
    return "1 job" if count == 1 else f"{count} jobs"


_OPTIONS = [
    click.argument("ids", metavar="[ID]...", nargs=-1, type=Id),
    click.option("--all", "all_jobs", is_flag=True, help="every job that this is for"),
    click.option("--limit", metavar="N", type=click.IntRange(1), help="at most so many, in order of their ids"),
    click.option("--yes", "-y", is_flag=True, help="do not ask"),
    click.option("--json", "as_json", is_flag=True, help="as one JSON document: the ids that were changed"),
]
