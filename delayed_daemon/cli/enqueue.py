"""``delayed-daemon enqueue``: a job from the command line, checked like one that is read from the table."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import replace
from typing import Any

import click

from delayed_daemon import client
from delayed_daemon.cli.database import opened
from delayed_daemon.cli.moments import Moment, When
from delayed_daemon.cli.options import DATABASE, Given, SectionedCommand, takes_settings
from delayed_daemon.errors import InvalidJob, UnknownJobClass
from delayed_daemon.execution.application import import_application
from delayed_daemon.payload import PerformableMethod, Trust, load
from delayed_daemon.store import migration

_MAPPINGS = ("queue_attributes", "priorities")


class Priority(click.ParamType[int | str]):
    """A whole number, or the name of one."""

    name = "priority"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:  # noqa: ARG002
        return int(value) if re.fullmatch(r"[+-]?[0-9]{1,18}", str(value)) else str(value)


class State(click.ParamType[dict[str, Any]]):
    """A JSON object."""

    name = "json"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, Any]:
        try:
            state = json.loads(value, object_pairs_hook=_unambiguous)
        except RecursionError:
            self.fail("the JSON is nested too deeply", param, ctx)
        except ValueError as error:
            self.fail(f"not JSON: {error}", param, ctx)
        if not isinstance(state, dict):
            self.fail("not a JSON object, {…}", param, ctx)
        return state


@click.command(cls=SectionedCommand)
@click.argument("name")
@click.argument("state", metavar="JSON", default="{}", type=State())
@click.option("--queue", metavar="QUEUE", help="queue; the job's own, or default, unless given")
@click.option("--priority", metavar="NUMBER", type=Priority(), help="or a name; lower goes first; the job's own")
@click.option("--run-at", metavar="WHEN", type=Moment(), help="2030-01-31T09:00+01:00, or 10m from now; at once")
@click.option("--expires-at", metavar="WHEN", type=Moment(), help="as --run-at; not started by then, it fails; never")
@takes_settings(*DATABASE, "app", "allow", "aliases", "wake_ups", "default_queue", "default_priority", *_MAPPINGS)
def enqueue(
    given: Given,
    name: str,
    state: dict[str, Any],
    queue: str | None,
    priority: int | str | None,
    run_at: When | None,
    expires_at: When | None,
) -> int:
    """Enqueue a job and print its id.

    NAME is a class, function or method (module.Class.method) of an --app module. JSON is the
    state of the object, or {"args": [...], "kwargs": {...}} for a function, static or class
    method; a method of an object needs its state, too: {"self": {...}, "args": [...]}.

    \b
    delayed-daemon enqueue --app shop.jobs shop.jobs.NewsletterJob '{"text": "Hi", "emails": []}'
    delayed-daemon enqueue --app shop.tasks shop.tasks.resize '{"args": ["a.jpg"]}' --run-at 10m
    """
    config = given.resolve().config
    import_application(config.app)
    payload = _payload(name, state, Trust.configured(config))
    client.adopt(replace(config, delay_jobs=True))
    with opened(config) as connection:
        if config.database_url is None:
            migration.migrate(connection, config.schema)
        else:
            migration.check(connection, config.schema)
        job = client.enqueue(
            payload, queue=queue, priority=priority, run_at=run_at, expires_at=expires_at, connection=connection
        )
    click.echo(job.id)
    return 0


def _payload(name: str, state: dict[str, Any], trust: Trust) -> object:
    """Reads the handler that such a job would have; a call's arguments must fit its function."""
    if "." not in name:
        raise InvalidJob(f"{name}: a full name is needed, with its module, like shop.jobs.{name}")
    payload = load(f"!{_tag(name, trust)}:{name} {json.dumps(state, ensure_ascii=False)}", trust)
    if isinstance(payload, PerformableMethod):
        return PerformableMethod(payload.receiver, payload.method, payload.args, payload.kwargs)
    return payload


def _tag(name: str, trust: Trust) -> str:
    try:
        return "job" if isinstance(trust.resolve(name), type) else "call"
    except UnknownJobClass:
        # Static and class methods are found by way of their class only.
        with suppress(UnknownJobClass):
            trust.method(name)
            return "call"
        raise


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {max(names, key=names.count)!r} stands there twice")
    return members
