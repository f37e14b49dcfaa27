"""Values stored as a reference to where they live."""

from __future__ import annotations

import pytest

from delayed_daemon.errors import DeserializationError, SerializationError
from delayed_daemon.payload import PerformableMethod, ReferenceKind, Trust, dump, load
from tests.payload.shop import AnyJob, BatchImporter


class Rows:
    """As an ORM would: `BatchImporter` objects are rows, found by their ``shop``."""

    def __init__(self) -> None:
        self.found: dict[int, BatchImporter] = {}
        self.down = False

    def dump(self, row: BatchImporter) -> tuple[str, dict[str, int]]:
        if row.shop is None:
            raise SerializationError("not saved yet")
        return "shop.Row", {"pk": row.shop}

    def load(self, name: str, content: dict[str, int]) -> BatchImporter:
        if self.down:
            raise ConnectionError("the database does not answer")
        try:
            return self.found[content["pk"]]
        except KeyError:
            raise DeserializationError(f"{name} {content['pk']} is gone") from None

    @property
    def kind(self) -> ReferenceKind:
        return ReferenceKind("orm", lambda value: isinstance(value, BatchImporter), self.dump, self.load)


@pytest.fixture
def rows() -> Rows:
    return Rows()


def test_a_reference_is_found_again(rows):
    row = rows.found[7] = BatchImporter(7)
    trust = Trust(["tests.payload.shop"], [rows.kind])
    handler = dump(AnyJob([row]), [rows.kind])
    assert handler == '!job:tests.payload.shop.AnyJob {"value": [!orm:shop.Row {"pk": 7}]}'
    assert load(handler, trust).value[0] is row
    call = load(dump(PerformableMethod(row, "import_massive_csv", ["x"]), [rows.kind]), trust)
    assert call.receiver is row


def test_an_object_not_saved_yet_is_an_error_at_enqueue(rows):
    with pytest.raises(SerializationError, match=r"AnyJob\.value: not saved yet"):
        dump(AnyJob(BatchImporter(None)), [rows.kind])


def test_a_row_that_is_gone_is_named_and_a_database_that_is_down_is_not_the_handlers_fault(rows):
    trust = Trust(["tests.payload.shop"], [rows.kind])
    handler = dump(AnyJob(BatchImporter(8)), [rows.kind])
    with pytest.raises(DeserializationError, match=r"shop\.Row 8 is gone"):
        load(handler, trust)
    rows.down = True
    with pytest.raises(ConnectionError):
        load(handler, trust)


def test_a_kind_that_is_not_registered_cannot_be_read(rows, trust):
    handler = dump(AnyJob(BatchImporter(8)), [rows.kind])
    with pytest.raises(DeserializationError, match=r"!orm:shop\.Row is not known here"):
        load(handler, trust)
