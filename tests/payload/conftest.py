from __future__ import annotations

import os

import pytest
import yaml
from hypothesis import HealthCheck, settings

from delayed_daemon.payload import Trust, events

_LENIENT = {
    "deadline": None,
    "database": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
}
settings.register_profile("short", max_examples=100, **_LENIENT)
settings.register_profile("long", max_examples=5000, **_LENIENT)
settings.load_profile("long" if os.environ.get("HYPOTHESIS_PROFILE") == "long" else "short")

PARSERS = {"pure Python": yaml.SafeLoader}
if hasattr(yaml, "CSafeLoader"):
    PARSERS["libyaml"] = yaml.CSafeLoader


@pytest.fixture
def trust() -> Trust:
    return Trust(["tests.payload.shop"])


@pytest.fixture(params=sorted(PARSERS))
def parser(request, monkeypatch):
    """Once with each of PyYAML's parsers."""
    monkeypatch.setattr(events, "PARSER", PARSERS[request.param])
    return PARSERS[request.param]
