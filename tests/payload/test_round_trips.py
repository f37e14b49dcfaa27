"""What is stored comes back equal and of the same type."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given

from delayed_daemon.payload import PerformableMethod, dump, load
from delayed_daemon.payload.events import read_events
from delayed_daemon.payload.fast import read_fast
from delayed_daemon.payload.tree import Tagged
from tests.payload.sameness import same
from tests.payload.shop import AnyJob, BatchImporter, FrozenJob, PlainJob, Point, resize
from tests.payload.strategies import json_values, keys, texts, values


@given(value=values)
def test_every_storable_value_survives_in_a_dataclass(trust, parser, value):
    job = AnyJob(value)
    assert same(load(dump(job), trust), job)


@given(value=values)
def test_every_storable_value_survives_in_a_plain_object(trust, parser, value):
    job = PlainJob(value)
    assert same(load(dump(job), trust), job)


@given(value=values, sku=texts)
def test_every_storable_value_survives_in_a_frozen_slotted_dataclass(trust, parser, value, sku):
    job = FrozenJob(sku, Point(value))
    assert same(load(dump(job), trust), job)


@given(value=values, keyword=values)
def test_every_storable_value_survives_in_a_method_call(trust, parser, value, keyword):
    call = load(
        dump(PerformableMethod(BatchImporter(value), "import_massive_csv", [value], {"separator": keyword})), trust
    )
    assert same(call.receiver, BatchImporter(value))
    assert same((call.args, call.kwargs), ((value,), {"separator": keyword}))
    call = load(dump(PerformableMethod(resize, None, [value], {"width": keyword})), trust)
    assert same((call.args, call.kwargs), ((value,), {"width": keyword}))


@given(value=json_values)
def test_the_fast_path_and_the_yaml_parser_read_the_same(trust, parser, value):
    handler = dump(AnyJob(value))
    slow = read_events(handler)
    fast = read_fast(handler)
    if fast is not None:
        kind, name, body = fast
        assert same(slow, Tagged(f"{kind}:{name}", body))


@given(value=values)
def test_any_yaml_parser_reads_what_is_written(parser, value):
    handler = dump(AnyJob(value))
    assert handler.splitlines() == [handler]

    class Reader(parser):
        """Reads our tags as if they were not there."""

    def content(loader, suffix, node):
        if isinstance(node, yaml.ScalarNode):
            return node.value
        construct = loader.construct_mapping if isinstance(node, yaml.MappingNode) else loader.construct_sequence
        return construct(node, deep=True)

    Reader.add_multi_constructor("!", content)
    assert same(yaml.load(handler, Loader=Reader), _without_tags(read_events(handler)))


@given(name=keys)
def test_any_key_survives(trust, parser, name):
    assert load(dump(AnyJob({name: 1})), trust).value == {name: 1}


@pytest.mark.parametrize("members", [{"b", "a", "c"}, frozenset({3, 1, 2})])
def test_equal_sets_are_written_alike(members):
    assert dump(AnyJob(members)) == dump(AnyJob(type(members)(sorted(members, reverse=True))))


def test_a_job_of_json_values_is_one_tag_before_json(trust):
    assert dump(AnyJob({"a": [1, 2.5, None, True, "é"]})) == (
        '!job:tests.payload.shop.AnyJob {"value": {"a": [1, 2.5, null, true, "é"]}}'
    )


def test_an_object_found_twice_is_written_twice(trust):
    shared = ["a"]
    first, second = load(dump(AnyJob([shared, shared])), trust).value
    assert first == second == shared
    assert first is not second


def _without_tags(tree):
    match tree:
        case Tagged():
            return _without_tags(tree.content)
        case dict():
            return {key: _without_tags(value) for key, value in tree.items()}
        case list():
            return [_without_tags(item) for item in tree]
    return tree


@pytest.mark.parametrize("text", ["*alias", "&anchor a", "<<", "!job:os.system {}", "no", "~", "%YAML 1.1", "--- a"])
def test_text_that_means_something_in_yaml_stays_text(trust, parser, text):
    for value in (text, [text], {text: text}, (text,)):
        assert load(dump(AnyJob(value)), trust) == AnyJob(value)
