"""Jobs of renamed classes and moved modules are performed; an alias makes nothing trusted."""

from __future__ import annotations

import pytest

from delayed_daemon.aliases import Aliases
from delayed_daemon.config import Config
from delayed_daemon.errors import DeserializationError, InvalidOptions, UnknownJobClass
from delayed_daemon.payload import Trust, load
from delayed_daemon.settings import resolve
from tests.payload.renamed import Place, Shade

NEW = "tests.payload.renamed"
PAIRS = (
    ("old.jobs", NEW),
    ("old.jobs.Mailer", f"{NEW}.Mail"),
    ("old.jobs.Mailer.Nested", f"{NEW}.Importer.Inner"),
    ("old.jobs.BatchImporter", f"{NEW}.Importer"),
    ("old.jobs.BatchImporter.import_csv", f"{NEW}.Importer.load_csv"),
    ("old.jobs.resize", f"{NEW}.shrink"),
    ("older", "os"),
    ("oldest", "tests.payload.shop"),
    ("tests.payload.renamed.Gone", f"{NEW}.Mail"),
    ("old.jobs.Gone", f"{NEW}.Mail"),
)
TRUST = Trust.configured(Config(app=("tests.payload.renamed",), aliases=PAIRS))


@pytest.mark.parametrize(
    ("handler", "result"),
    [
        ('!job:old.jobs.Mailer {"text": "x"}', "new x"),
        ('!job:old.jobs.Mail {"text": "x"}', "new x"),
        (f'!job:{NEW}.Gone {{"text": "x"}}', "new x"),
        (f'!job:{NEW}.Mail {{"text": "x"}}', "new x"),
        ("!job:old.jobs.Mailer.Nested {}", "inner"),
        ('!call:old.jobs.BatchImporter.import_csv {"self": {"shop": 3}, "args": ["x"]}', "3 x"),
        ('!call:old.jobs.BatchImporter.load_csv {"self": {"shop": 3}, "args": ["x"]}', "3 x"),
        ('!call:old.jobs.BatchImporter.count {"args": ["x"]}', 1),
        ('!call:old.jobs.Importer.count {"args": ["x"]}', 1),
        ('!call:old.jobs.resize {"args": ["x"]}', "shrunk x"),
        ('!call:old.jobs.shrink {"args": ["x"]}', "shrunk x"),
    ],
)
def test_the_exact_name_counts_before_the_longest_part_of_it(handler, result) -> None:
    for _ in range(2):
        assert load(handler, TRUST).perform() == result


def test_values_inside_a_job_are_found_too() -> None:
    handler = '!job:old.jobs.Mailer {"text": [!object:old.jobs.Place {"city": !enum:old.jobs.Shade "RED"}]}'
    assert load(handler, TRUST).text == [Place(Shade.RED)]


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        (
            '!call:older.system {"args": ["true"]}',
            "older.system: an alias leads to os.system: module os is not trusted",
        ),
        ('!job:oldest.NewsletterJob {"text": ""}', r"module tests.payload(.shop)? is not trusted"),
        ("!job:old.jobs.Missing {}", f"old.jobs.Missing: an alias leads to {NEW}.Missing: .* no such class"),
        ("!job:old.jobsmith.Mailer {}", "old.jobsmith.Mailer: module old.jobsmith is not trusted"),
        ("!job:old {}", "not trusted"),
        ('!call:old.jobs.BatchImporter._secret {"self": {}}', "no public method"),
        ('!call:old.jobs._resize {"args": []}', "underscore"),
        ("!job:old.jobs.BatchImporter {}", "no perform"),
    ],
)
def test_an_alias_leads_nowhere_that_its_new_name_would_not(handler, reason) -> None:
    with pytest.raises(UnknownJobClass, match=reason):
        load(handler, TRUST)


def test_a_name_of_great_length_is_refused_before_it_is_looked_at() -> None:
    with pytest.raises(DeserializationError, match="a name of 20"):
        load(f"!job:{'old.' * 500}Mailer {{}}", TRUST)
    with pytest.raises(DeserializationError, match="a name of 20"):
        load(f"!call:{'old.' * 500}Mailer {{}}", TRUST)


@pytest.mark.parametrize(
    ("aliases", "problems"),
    [
        ({"a.B": "c.D", "a": "c"}, []),
        ({"a.B": "c.D", "a": "c", "e.F": "a"}, ["e.F leads to a, which is old, too: write e.F=c", "add e.F.B=c.D"]),
        ({"jobs.Mail": "jobs.mail.Mail"}, []),
        ({"a": "a"}, ["a leads to a, and from there to itself"]),
        ({"jobs": "jobs.mail"}, ["jobs leads to jobs.mail, and from there to itself"]),
        ({"a": "b", "b": "a"}, ["a leads to b, and from there back", "b leads to a, and from there back"]),
        ({"a": "b.C", "b": "c", "c.C": "a"}, ["back", "add b.C=a", "back"]),
        ({"a": "b", "b": "c"}, ["a leads to b, which is old, too: write a=c"]),
        ({"a": "b", "b.C": "d.C"}, ["a.C leads to b.C, which is old, too: add a.C=d.C"]),
        ({"a": "b", "b.C": "d.C", "a.C": "d.C"}, []),
    ],
)
def test_chains_and_cycles_are_errors_of_the_configuration(aliases, problems) -> None:
    found = list(Aliases(aliases.items()).problems())
    assert len(found) == len(problems), found
    assert all(part in problem for problem, part in zip(found, problems, strict=True)), found
    if not problems:
        assert resolve({"aliases": aliases}, {}).config.aliases == tuple(aliases.items())
        return
    with pytest.raises(InvalidOptions, match=r"aliases: .*command line") as caught:
        resolve({"aliases": aliases}, {})
    assert len(caught.value.problems) == len(problems)


def test_a_new_name_stands_for_itself_where_there_are_no_problems() -> None:
    aliases = Aliases(PAIRS)
    assert list(aliases.problems()) == []
    for old, _ in PAIRS:
        for name in (old, f"{old}.More"):
            new = aliases.new_name(name)
            assert aliases.new_name(new) == new


@pytest.mark.parametrize("text", ["old", "=new", "old=", "old.=new", "old=new name", "old=a,old=b", "1old=new"])
def test_what_is_no_pair_of_names_is_an_error(text) -> None:
    with pytest.raises(InvalidOptions, match="aliases: "):
        resolve({"aliases": text}, {})
