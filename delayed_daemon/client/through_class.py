"""What type checkers are told about decorated methods that are taken from their class."""

from __future__ import annotations

from typing import Concatenate, ParamSpec, Protocol, TypeVar, Unpack, overload

from delayed_daemon.client.call_options import CallOptions
from delayed_daemon.client.handle import Job

P = ParamSpec("P")
Q = ParamSpec("Q")
R_co = TypeVar("R_co", covariant=True)


class ThroughClass(Protocol[P, R_co]):
    """``Class.method`` of a decorated method: a class method where the first parameter is a class, which is given then.

    Checkers do not tell ``@delayed`` what stood below it: ``@classmethod``, ``@staticmethod`` or nothing.
    """

    @overload
    def __call__(self: ThroughClass[Concatenate[type, Q], R_co], /, *args: Q.args, **kwargs: Q.kwargs) -> R_co: ...
    @overload
    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    @overload
    def delay(self: ThroughClass[Concatenate[type, Q], R_co], /, *args: Q.args, **kwargs: Q.kwargs) -> Job: ...
    @overload
    def delay(self, /, *args: P.args, **kwargs: P.kwargs) -> Job: ...
    @overload
    async def adelay(self: ThroughClass[Concatenate[type, Q], R_co], /, *args: Q.args, **kwargs: Q.kwargs) -> Job: ...
    @overload
    async def adelay(self, /, *args: P.args, **kwargs: P.kwargs) -> Job: ...
    def with_options(self, /, **options: Unpack[CallOptions]) -> ThroughClass[P, R_co]: ...
