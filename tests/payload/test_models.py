"""attrs classes and pydantic models: as jobs, receivers and values they come back as they were, and none is made anew."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from pydantic import BaseModel, SecretStr

from delayed_daemon.errors import DeserializationError, InvalidJob, SerializationError, UnknownJobClass
from delayed_daemon.payload import PerformableMethod, Trust, dump, load
from tests.payload import models
from tests.payload.models import (
    Address,
    Box,
    Checked,
    Hashed,
    Inheriting,
    IntBox,
    Loose,
    Names,
    Open,
    Order,
    Parcel,
    Registered,
    Special,
    StrBox,
)
from tests.payload.shop import AnyJob

MODELS = "tests.payload.models."
TRUST = Trust(["tests.payload.models", "tests.payload.shop"])


def there_and_back(payload: object) -> Any:
    models.constructed.clear()
    revived = load(dump(payload), TRUST)
    assert models.constructed == [], "nothing is constructed, validated or converted"
    return revived


def state(model: BaseModel) -> tuple[object, ...]:
    return model.__dict__, model.__pydantic_fields_set__, model.__pydantic_extra__, model.__pydantic_private__


def parcel() -> Parcel:
    made = Parcel(2.0, ["a"], secret="x")
    made.price = 3.0
    return made


def order(**more: Any) -> Order:
    made = Order(number=3, address=Address(theCity="Kiel"), **more)
    made._seen.append("x")
    return made


def finished() -> Inheriting:
    made = Inheriting(1)
    made.unset = 2
    return made


@pytest.mark.parametrize(
    ("job", "handler"),
    [
        (parcel(), 'Parcel {"weight": 2.0, "labels": ["a"], "price": 3.0, "_secret": "x"}'),
        (Registered(1.0), 'Registered {"weight": 1.0, "labels": [], "price": 1.5, "_secret": "s", "number": 0}'),
        (finished(), None),
        (Checked(4), 'Checked {"number": 4, "many": []}'),
    ],
)
def test_attrs_classes_and_dataclasses_of_pydantic_come_back(job, handler) -> None:
    if handler:
        assert dump(job) == f"!job:{MODELS}{handler}"
    revived = there_and_back(job)
    assert (revived, type(revived), revived.perform()) == (job, type(job), job.perform())


def test_the_cached_properties_of_attrs_are_computed_again() -> None:
    made = parcel()
    assert made.heavy is made.heavy
    assert "heavy" not in dump(made)
    assert there_and_back(made).heavy is not made.heavy


@pytest.mark.parametrize(
    ("model", "handler"),
    [
        (
            Order(number=1, address=None, made=[], total=5),
            'Order {"number": 1, "address": null, "made": [], "total": 5, "__pydantic_private__": {"_seen": []}}',
        ),
        (
            Open(fullName="x", more=1),
            'Open {"name": "x", "__pydantic_extra__": {"more": 1}}',
        ),
        (Open(), 'Open {"name": "n", "__pydantic_fields_set__": []}'),
        (Open(fullName="x", name="clash"), None),
        (order(), None),
        (order(made=[2]), None),
        (Special(number=1), None),
        (IntBox(content=1), 'IntBox {"content": 1}'),
        (StrBox(content="x"), None),
        (Names(["a"]), 'Names {"root": ["a"]}'),
    ],
)
def test_a_model_comes_back_in_all_of_its_state(model, handler) -> None:
    if handler:
        assert dump(model) == f"!job:{MODELS}{handler}"
    revived = there_and_back(model)
    assert (revived, type(revived), revived.perform()) == (model, type(model), model.perform())
    if not isinstance(model, Names):
        assert state(revived) == state(model)
    assert revived.model_dump() == model.model_dump()


def test_computed_fields_are_computed_again_and_private_attributes_stay_unset() -> None:
    made = order()
    assert made.twice == 6
    revived = there_and_back(made)
    assert ("twice" in revived.__dict__, revived.twice, revived._seen) == (False, 6, ["x"])
    with pytest.raises(AttributeError):
        _ = revived._unset


def test_frozen_models_and_validation_work_afterwards() -> None:
    revived = there_and_back(AnyJob(Address(theCity="Kiel"))).value
    with pytest.raises(ValueError, match="frozen"):
        revived.city = "Lübeck"
    with pytest.raises(AttributeError):
        there_and_back(Registered(1.0)).number = 2
    assert hash(revived.city) == hash("Kiel")


def test_they_are_values_inside_of_jobs() -> None:
    values = [
        parcel(),
        Registered(1.0),
        Address(theCity="Kiel", lines=["a"]),
        order(),
        Checked(1),
        Box[str](content="a"),
    ]
    revived = there_and_back(AnyJob({"all": values, "more": tuple(values)})).value
    assert revived == {"all": values, "more": tuple(values)}
    assert [type(each) for each in revived["all"]] == [type(each) for each in values]


@pytest.mark.parametrize(
    ("call", "result"),
    [
        (PerformableMethod(order(), "ship", ["rail"]), "3 by rail"),
        (PerformableMethod(parcel(), "stamp", [], {"mark": "x"}), "2.0 x"),
    ],
)
def test_they_are_receivers_of_calls(call, result) -> None:
    assert there_and_back(call).perform() == result


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        ('Parcel {"weight": 1.0, "price": 2.0}', 'Parcel(weight=1.0, labels=[], price=2.0, _secret="s")'),
        ('Order {"number": 1, "total": 2}', "Order(number=1, address=None, made=[1], total=2, twice=2)"),
        ("Open {}", "Open(name='n')"),
        ("Checked {}", "Checked(number=3, many=[])"),
    ],
)
def test_a_field_that_a_handler_lacks_has_its_default(handler, expected) -> None:
    first, second = (load(f"!job:{MODELS}{handler}", TRUST) for _ in range(2))
    assert repr(first).replace("'", '"') == expected.replace("'", '"')
    for name in ("labels", "made", "many"):
        assert not hasattr(first, name) or getattr(first, name) is not getattr(second, name)


def test_what_a_handler_has_counts_as_set() -> None:
    revived = load(f'!job:{MODELS}Order {{"number": 1, "total": 2}}', TRUST)
    assert state(revived)[1:] == ({"number", "total"}, None, {"_seen": []})
    assert state(load(f"!job:{MODELS}Open {{}}", TRUST))[1:] == (set(), {}, None)
    address = load(f'!job:tests.payload.shop.AnyJob {{"value": !object:{MODELS}Address {{"city": "K"}}}}', TRUST).value
    assert address.lines is not Address.__pydantic_fields__["lines"].default


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        ('Parcel {"labels": []}', "no value for its field 'weight'"),
        ('Parcel {"weight": 1, "secret": 1}', "no field 'secret'"),
        ('Order {"number": 1}', "no value for its field 'total'"),
        ('Order {"total": 1}', "no value for its field 'number'"),
        ('Open {"fullName": 1}', "no field 'fullName'"),
        ('Open {"__dict__": {}}', "no field '__dict__'"),
        ('Open {"__pydantic_extra__": []}', "__pydantic_extra__ of Open"),
        ('Open {"__pydantic_extra__": !map [[1, 2]]}', "__pydantic_extra__ of Open"),
        ('Order {"number": 1, "total": 1, "__pydantic_extra__": {"a": 1}}', "__pydantic_extra__ of Order"),
        ('Open {"__pydantic_fields_set__": {"a": 1}}', "__pydantic_fields_set__ of Open"),
        ('Open {"__pydantic_fields_set__": [1]}', "__pydantic_fields_set__ of Open"),
        ('Order {"number": 1, "total": 1, "__pydantic_private__": {"perform": 1}}', "__pydantic_private__ of Order"),
        ('Order {"number": 1, "total": 1, "__pydantic_private__": []}', "__pydantic_private__ of Order"),
        ('Open {"__pydantic_private__": {}, "__pydantic_validator__": 1}', "no field '__pydantic_validator__'"),
    ],
)
def test_state_that_does_not_fit_the_class_is_an_error_that_names_it(handler, reason) -> None:
    with pytest.raises(DeserializationError, match=reason) as caught:
        load(f"!job:{MODELS}{handler}", TRUST)
    assert not isinstance(caught.value, UnknownJobClass)


class Secretive(BaseModel):
    password: SecretStr
    inner: Any = None

    def perform(self) -> None: ...


def unset() -> Loose:
    return Loose(1)


def partial() -> Order:
    made = Order(number=1)
    del made.__dict__["total"]
    return made


def hashed() -> Hashed:
    made = Hashed(1)
    hash(made)
    return made


@pytest.mark.parametrize(
    ("payload", "error", "reason"),
    [
        (lambda: Secretive(password=SecretStr("x")), SerializationError, r"Secretive.password: .*SecretStr cannot be"),
        (lambda: AnyJob(unset()), SerializationError, r"AnyJob.value.unset: is not set"),
        (partial, SerializationError, r"Order.total: is not set"),
        (lambda: AnyJob(hashed()), SerializationError, r"AnyJob.value._attrs_cached_hash: is not a field"),
        (lambda: AnyJob(Inheriting(1)), SerializationError, r"AnyJob.value: a value of type .*Inheriting"),
        (lambda: Open(fullName="x", more=object()), SerializationError, r"Open.__pydantic_extra__\['more'\]: a value"),
        (lambda: Box[bytes](content=b""), InvalidJob, r"Box\[bytes\] is not what .* names|inside a function"),
    ],
)
def test_what_cannot_be_stored_is_an_error_that_names_the_field(payload, error, reason) -> None:
    with pytest.raises(error, match=reason):
        dump(payload())


def test_a_dataclass_around_them_and_they_around_it() -> None:
    made = Order.model_construct(number=AnyJob(attrs.evolve(parcel(), weight=1.0)), total=1, made=[])
    assert there_and_back(made).number == made.number
