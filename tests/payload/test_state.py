"""Objects come back in their state, and none of their code runs."""

from __future__ import annotations

import gc

import pytest

from delayed_daemon.errors import DeserializationError, UnknownJobClass
from delayed_daemon.payload import dump, load
from tests.payload.shop import (
    CachingJob,
    FrozenJob,
    GenericJob,
    Größe,
    NewsletterJob,
    Outer,
    Point,
    RevivedJob,
    SlottedJob,
    WatchedJob,
)

SHOP = "!job:tests.payload.shop."


def test_a_dataclass_comes_back_without_its_constructor(trust):
    job = RevivedJob(2, factor=5)
    before = RevivedJob.constructed
    revived = load(dump(job), trust)
    assert (revived, revived.perform(), RevivedJob.constructed) == (job, 10, before)


def test_a_frozen_slotted_dataclass_comes_back(trust):
    job = FrozenJob("a", Point(1))
    assert load(dump(job), trust) == job


def test_a_missing_field_takes_its_default(trust):
    first = load(SHOP + 'NewsletterJob {"text": "lorem"}', trust)
    second = load(SHOP + 'NewsletterJob {"text": "lorem"}', trust)
    assert first == NewsletterJob("lorem")
    assert first.emails is not second.emails
    assert load(
        SHOP + 'FrozenJob {"sku": "a", "position": !object:tests.payload.shop.Point {"x": 1}}', trust
    ) == FrozenJob("a", Point(1))


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        ('NewsletterJob {"emails": []}', "no value for its field 'text'"),
        ('NewsletterJob {"text": "", "colour": 1}', "no field 'colour'"),
        ('SlottedJob {"name": "", "colour": 1}', "no attribute 'colour'"),
        ('RevivedJob {"amount": 1, "doubled": 2, "factor": 3}', "no field 'factor'"),
        ('RevivedJob {"amount": 1, "doubled": 2, "constructed": 3}', "no field 'constructed'"),
    ],
)
def test_state_that_does_not_fit_the_class_is_an_error_that_names_it(trust, handler, reason):
    with pytest.raises(DeserializationError, match=reason) as caught:
        load(SHOP + handler, trust)
    assert not isinstance(caught.value, UnknownJobClass)


def test_slots_come_back_private_and_unset_ones_too(trust):
    job = load(dump(SlottedJob("abc")), trust)
    assert (job.name, job.secret, hasattr(job, "unset")) == ("abc", "cba", False)


def test_any_attribute_of_a_plain_object_is_state(trust):
    job = load(SHOP + 'WatchedJob {"price": 3, "colour": "red"}', trust)
    assert object.__getattribute__(job, "__dict__") == {"price": 3, "colour": "red"}


def test_neither_reading_nor_writing_runs_code_of_the_class(trust):
    job = WatchedJob()
    job.colour = "red"
    WatchedJob.runs.clear()
    handler = dump(job)
    revived = load(handler, trust)
    with pytest.raises(DeserializationError):
        load(handler + "x", trust)
    runs = list(WatchedJob.runs)
    assert (handler, runs) == (SHOP + 'WatchedJob {"colour": "red"}', [])
    del revived
    gc.collect()


def test_cached_properties_are_computed_again(trust):
    job = CachingJob(3)
    assert job.square is job.perform()
    assert dump(job) == SHOP + 'CachingJob {"number": 3}'


def test_instances_of_a_parametrised_generic_come_back(trust):
    assert load(dump(GenericJob[int](1)), trust).value == 1


def test_nested_classes_and_names_beyond_ascii_come_back(trust, parser):
    assert load(dump(Outer.InnerJob()), trust).perform() == "inner"
    assert dump(Größe()).isascii()
    assert load(dump(Größe()), trust).perform() == "groß"
