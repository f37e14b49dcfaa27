"""A handler reaches only what the application offers for it."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

import pytest

from delayed_daemon.errors import UnknownJobClass
from delayed_daemon.payload import Trust, load
from tests.payload import shop, tricky
from tests.payload.shop import NewsletterJob, Outer, resize

TRICKY = "tests.payload.tricky."
SHOP = "tests.payload.shop."


@pytest.fixture
def tricky_trust() -> Trust:
    trust = Trust(["tests.payload.tricky", "tests.payload.shop"])
    tricky.runs.clear()
    return trust


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("os.system", "module os is not trusted"),
        ("posix.system", "not trusted"),
        ("builtins.eval", "not trusted"),
        ("subprocess.Popen", "not trusted"),
        ("sys.modules", "not trusted"),
        ("delayed_daemon.payload.dump", "not trusted"),
        ("tests.payload.NewsletterJob", "not trusted"),
        (TRICKY + "system", "no such class or function"),
        (TRICKY + "subprocess", "no such class or function"),
        (TRICKY + "subprocess.Popen", "no such class or function"),
        (TRICKY + "rmtree", "not defined in module"),
        (TRICKY + "NewsletterJob", "not defined in module"),
        (TRICKY + "Elsewhere", "not defined in module"),
        (TRICKY + "Namespace.Popen", "not defined in module"),
        (TRICKY + "Namespace.Job", "not defined in module"),
        (TRICKY + "Namespace.shown", "no such class or function"),
        (TRICKY + "job", "no such class or function"),
        (TRICKY + "job.perform", "no such class or function"),
        (TRICKY + "pretender", "no such class or function"),
        (TRICKY + "missing", "no such class or function"),
        (TRICKY + "__builtins__", "no such class or function"),
        (TRICKY + "__loader__", "no such class or function"),
        (TRICKY + "__getattr__.__globals__", "no such class or function"),
        (TRICKY + "__getattr__.__globals__.runs", "no such class or function"),
        (TRICKY + "Namespace.__class__", "no such class or function"),
        (TRICKY + "Namespace.__init__.__globals__", "no such class or function"),
        (TRICKY + "Namespace.__subclasses__", "no such class or function"),
        (SHOP + "local_alias", "not defined in module"),
        (SHOP + "cached", "no such class or function"),
        (SHOP + "Callable.", "no such class or function"),
        ("", "not trusted"),
        (".", "not trusted"),
        ("...", "not trusted"),
        ("NewsletterJob", "not trusted"),
        (".tests.payload.shop.NewsletterJob", "not trusted"),
        ("tests..payload.shop.NewsletterJob", "not trusted"),
    ],
)
def test_what_was_not_offered_is_not_found_and_nothing_runs(tricky_trust, name, why):
    with pytest.raises(UnknownJobClass, match=why):
        tricky_trust.resolve(name)
    with pytest.raises(UnknownJobClass):
        load(f"!job:{name} {{}}", tricky_trust)
    with pytest.raises(UnknownJobClass):
        load(f"!call:{name} {{}}", tricky_trust)
    assert tricky.runs == []


@pytest.mark.parametrize(
    "name",
    [
        TRICKY + "WatchedClass.of_the_metaclass",
        TRICKY + "WatchedClass.mro",
        TRICKY + "Namespace.shown",
        TRICKY + "Namespace.Popen",
        TRICKY + "Namespace.__init__",
        TRICKY + "Namespace.__getattr__",
        TRICKY + "Namespace.missing",
        SHOP + "BatchImporter._secret",
        SHOP + "BatchImporter.clock",
        SHOP + "BatchImporter.rows",
        SHOP + "BatchImporter.__class__",
        SHOP + "BatchImporter.__reduce_ex__",
        SHOP + "_private",
        SHOP + "BatchImporter",
        SHOP + "Outer.InnerJob",
        SHOP + "FailingJob.with_traceback",
    ],
)
def test_only_public_methods_of_trusted_classes_are_called(tricky_trust, name):
    with pytest.raises(UnknownJobClass):
        load(f'!call:{name} {{"self": {{}}}}', tricky_trust)
    assert tricky.runs == []


def test_a_class_is_found_without_asking_its_metaclass(tricky_trust):
    revived = load(f"!job:{TRICKY}WatchedClass {{}}", tricky_trust)
    assert type(revived) is vars(tricky)["WatchedClass"]
    assert tricky.runs == []


def test_what_was_offered_is_found(trust):
    assert trust.resolve(SHOP + "NewsletterJob") is NewsletterJob
    assert trust.resolve(SHOP + "Outer.InnerJob") is Outer.InnerJob
    assert trust.resolve(SHOP + "resize") is resize


def test_trusting_a_package_trusts_what_is_below_it():
    assert Trust(["tests"]).resolve(SHOP + "NewsletterJob") is NewsletterJob
    with pytest.raises(UnknownJobClass):
        Trust(["tests.payload.sho"]).resolve(SHOP + "NewsletterJob")
    with pytest.raises(UnknownJobClass):
        Trust([""]).resolve(SHOP + "NewsletterJob")


def test_the_script_itself_can_be_trusted(monkeypatch):
    script = ModuleType("__main__")
    exec("class ScriptJob:\n def perform(self): ...", vars(script))
    monkeypatch.setitem(sys.modules, "__main__", script)
    assert Trust(["__main__"]).resolve("__main__.ScriptJob") is script.ScriptJob


@pytest.mark.parametrize(
    "name", ["NotAJob", "CallableAttributeJob", "BatchImporter", "Color", "AbstractJob", "FailingJob"]
)
def test_a_class_that_is_no_job_is_not_performed(trust, name):
    with pytest.raises(UnknownJobClass):
        load(f"!job:{SHOP}{name} {{}}", trust)


@pytest.mark.parametrize(
    "value",
    [
        "!object:os.PathLike {}",
        SHOP.join(["!object:", "BatchImporter {}"]),
        SHOP.join(["!object:", "missing {}"]),
        SHOP.join(["!enum:", "Point x"]),
        "!enum:http.HTTPStatus OK",
    ],
)
def test_values_are_only_of_trusted_classes_of_their_kind(trust, parser, value):
    with pytest.raises(UnknownJobClass):
        load(f'!job:{SHOP}AnyJob {{"value": {value}}}', trust)


def test_nothing_is_imported_by_a_name(tmp_path, monkeypatch):
    (tmp_path / "trap_for_imports.py").write_text("class Job:\n    def perform(self): ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    with pytest.raises(UnknownJobClass) as caught:
        load("!job:trap_for_imports.Job {}", Trust(["trap_for_imports"]))
    assert caught.value.name == "trap_for_imports.Job"
    assert "trap_for_imports" not in sys.modules


def test_odd_things_among_the_modules_are_passed_over(monkeypatch):
    class Odd:
        def __getattr__(self, name):
            raise AssertionError(name)

    for odd in (Odd(), None, 3):
        monkeypatch.setitem(sys.modules, "odd_module", odd)
        with pytest.raises(UnknownJobClass):
            Trust(["odd_module"]).resolve("odd_module.Job")


def test_a_class_deployed_later_is_found_then(trust, monkeypatch):
    handler = f"!job:{SHOP}LaterJob {{}}"
    with pytest.raises(UnknownJobClass):
        load(handler, trust)
    later = type("LaterJob", (), {"__module__": shop.__name__, "perform": lambda self: "now"})
    monkeypatch.setattr(shop, "LaterJob", later, raising=False)
    assert load(handler, trust).perform() == "now"
