"""A `Config` as one line of JSON, from one process of the daemon to another."""

from __future__ import annotations

import json
from dataclasses import asdict

from delayed_daemon.config import Config, Pool
from delayed_daemon.settings.catalogue import SETTINGS


def to_json(config: Config) -> str:
    """Every field by its name; it holds the database's password, so it is not for people."""
    return json.dumps(asdict(config))


def from_json(text: str) -> Config:
    """The `Config` that `to_json` was given, equal and of the same types."""
    values = json.loads(text)
    for setting in SETTINGS:
        match setting.kind:
            case "list":
                values[setting.name] = tuple(values[setting.name])
            case "mapping":
                values[setting.name] = tuple((key, value) for key, value in values[setting.name])
            case "pools":
                pools = [{**pool, "queues": tuple(pool["queues"])} for pool in values[setting.name]]
                values[setting.name] = tuple(Pool(**pool) for pool in pools)
    return Config(**values)
