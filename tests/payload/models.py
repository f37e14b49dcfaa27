"""attrs classes and pydantic models of these tests."""

from __future__ import annotations

from dataclasses import field
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar

import attrs
import pydantic
import pydantic.dataclasses
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, RootModel, computed_field, model_validator

T = TypeVar("T")
constructed: list[str] = []


@attrs.define
class Parcel:
    weight: float
    labels: list[str] = attrs.field(factory=list)
    price: float = attrs.field(init=False, default=1.5)
    _secret: str = "s"

    def __attrs_post_init__(self) -> None:
        constructed.append("Parcel")

    @cached_property
    def heavy(self) -> object:
        return object()

    def perform(self) -> float:
        return self.weight * self.price

    def stamp(self, mark: str) -> str:
        return f"{self.weight} {mark}"


@attrs.frozen
class Registered(Parcel):
    number: int = attrs.field(default=0, converter=lambda value: constructed.append("converter") or value)


@attrs.define(slots=False)
class Loose:
    value: Any
    double: Any = attrs.field(default=attrs.Factory(lambda self: self.value * 2, takes_self=True))
    unset: Any = attrs.field(init=False)


@attrs.define(hash=True, cache_hash=True)
class Hashed:
    value: int


class Inheriting(Loose):
    def perform(self) -> Any:
        return self.value


class Address(BaseModel):
    model_config = ConfigDict(frozen=True, validate_default=True)

    city: str = Field(alias="theCity")
    lines: list[str] = []

    @model_validator(mode="after")
    def note(self) -> Address:
        constructed.append("Address")
        return self


class Order(BaseModel):
    kinds: ClassVar[list[str]] = []
    number: int
    address: Address | None = None
    made: list[int] = Field(default_factory=lambda: [1])
    total: int = Field(default_factory=lambda data: data["number"] * 2)
    _seen: list[str] = PrivateAttr(default_factory=list)
    _unset: str = PrivateAttr()

    def model_post_init(self, context: Any) -> None:
        constructed.append("Order")

    @computed_field
    @cached_property
    def twice(self) -> int:
        return self.number * 2

    def perform(self) -> int:
        return self.number

    def ship(self, carrier: str) -> str:
        return f"{self.number} by {carrier}"


class Special(Order):
    discount: float = 0.5


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")

    name: str = Field(default="n", alias="fullName")

    def perform(self) -> Any:
        return self.model_extra


class Box(BaseModel, Generic[T]):
    content: T

    def perform(self) -> T:
        return self.content


class IntBox(Box[int]): ...


StrBox = Box[str]


class Names(RootModel[list[str]]):
    def perform(self) -> list[str]:
        return self.root


@pydantic.dataclasses.dataclass
class Checked:
    number: int = Field(default=3)
    many: list[int] = field(default_factory=list)

    def perform(self) -> int:
        return self.number
