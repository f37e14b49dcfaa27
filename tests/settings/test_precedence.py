from __future__ import annotations

import pytest

from delayed_daemon.config import Config
from delayed_daemon.errors import InvalidOptions
from delayed_daemon.settings import file_named, resolve


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "daemon.yml"
    path.write_text("workers: 2\nsleep: 2\nlease: 12\n")
    return path


def problems(*arguments, **named):
    with pytest.raises(InvalidOptions) as refused:
        resolve(*arguments, **named)
    return refused.value.problems


def test_nothing_given_is_the_defaults():
    resolved = resolve({}, {})
    assert resolved.config == Config()
    assert set(resolved.sources.values()) == {"default"}


def test_command_line_over_environment_over_file_over_default(file):
    environ = {"DELAYED_DAEMON_WORKERS": "3", "DELAYED_DAEMON_SLEEP": "3"}
    resolved = resolve({"workers": "4"}, environ, file)
    config, sources = resolved.config, resolved.sources
    assert (config.workers, config.sleep, config.lease, config.read_ahead) == (4, 3.0, 12.0, 500)
    assert [sources[name] for name in ("workers", "sleep", "lease", "read_ahead")] == [
        "command line",
        "environment DELAYED_DAEMON_SLEEP",
        f"{file} line 3",
        "default",
    ]


def test_a_wrong_value_that_is_overridden_does_not_matter(file):
    file.write_text("workers: four\n")
    assert resolve({"workers": "4"}, {"DELAYED_DAEMON_WORKERS": "x"}, file).config.workers == 4


def test_a_better_source_is_not_merged_with_a_worse_one():
    assert resolve({"queues": "a,b"}, {"DELAYED_DAEMON_QUEUES": "c"}).config.queues == ("a", "b")


def test_an_empty_variable_is_not_set_and_an_empty_option_is_an_empty_list():
    environ = {"DELAYED_DAEMON_QUEUES": "mail", "DELAYED_DAEMON_NAME": " "}
    assert resolve({}, environ).config.queues == ("mail",)
    assert resolve({}, environ).config.name is None
    assert resolve({"queues": ""}, environ).config.queues == ()
    assert problems({"name": ""}, {}) == ["name: is empty (command line)"]


def test_database_url_is_understood_below_our_own_variable(file):
    file.write_text("database_url: postgresql:///file\n")
    environ = {"DATABASE_URL": "postgresql:///common"}
    resolved = resolve({}, environ, file)
    assert resolved.config.database_url == "postgresql:///common"
    assert resolved.sources["database_url"] == "environment DATABASE_URL"
    environ["DELAYED_DAEMON_DATABASE_URL"] = "postgresql:///own"
    assert resolve({}, environ, file).config.database_url == "postgresql:///own"
    assert resolve({"database_url": "postgresql:///typed"}, environ, file).config.database_url == "postgresql:///typed"


def test_the_variables_of_delayed_job_are_understood_below_our_own():
    theirs = {
        "QUEUE": "mail", "MIN_PRIORITY": "-3", "MAX_PRIORITY": "7", "SLEEP_DELAY": "5", "READ_AHEAD": "9",
    }  # fmt: skip
    config = resolve({}, theirs).config
    assert (config.queues, config.min_priority, config.max_priority) == (("mail",), -3, 7)
    assert (config.sleep, config.read_ahead) == (5.0, 9)
    both = {**theirs, "QUEUES": "a,b", "DELAYED_DAEMON_SLEEP": "8"}
    assert resolve({}, both).config.queues == ("a", "b")
    assert resolve({}, both).config.sleep == 8.0


def test_every_problem_is_reported_at_once(file):
    file.write_text("wrokers: 3\nlease: soon\n")
    environ = {"DELAYED_DAEMON_WORKERS": "four", "DATABASE_URL": "mysql://root:hunter2@db/shop"}
    assert problems({"queues": "mail,a b", "log_level": "loud"}, environ, file) == [
        f"wrokers: unknown setting; did you mean workers? ({file} line 1)",
        "database_url: is not a PostgreSQL URL: it starts with mysql:// instead of postgresql://"
        " (environment DATABASE_URL)",
        'workers: "four" is not a whole number (environment DELAYED_DAEMON_WORKERS)',
        'queues: "a b" is not 1 to 100 characters without a comma, white space or control characters (command line)',
        f'lease: "soon" is not a duration: seconds, or a number with s, m, h or d ({file} line 2)',
        'log_level: "loud" is not one of debug, info, warning, error (command line)',
    ]


def test_a_misspelt_variable_is_reported_but_not_what_kubernetes_sets_for_a_service_of_our_name():
    kubernetes = {
        "DELAYED_DAEMON_SERVICE_HOST": "10.0.0.1",
        "DELAYED_DAEMON_SERVICE_PORT": "80",
        "DELAYED_DAEMON_PORT": "tcp://10.0.0.1:80",
        "DELAYED_DAEMON_PORT_80_TCP": "tcp://10.0.0.1:80",
        "DELAYED_DAEMON_PORT_80_TCP_ADDR": "10.0.0.1",
        "DELAYED_DAEMON_PORT_80_TCP_PROTO": "tcp",
    }
    assert resolve({}, kubernetes).config == Config()
    assert problems({}, {**kubernetes, "DELAYED_DAEMON_WROKERS": "4"}) == [
        "DELAYED_DAEMON_WROKERS: unknown setting; did you mean workers? (environment)"
    ]


def test_a_priority_range_must_not_be_empty():
    assert resolve({"min_priority": 5, "max_priority": 5}, {}).config.max_priority == 5
    assert problems({"min_priority": "5"}, {"DELAYED_DAEMON_MAX_PRIORITY": "-5"}) == [
        "min_priority: 5 (command line) is more than max_priority, -5 (environment DELAYED_DAEMON_MAX_PRIORITY)"
    ]


def test_a_list_names_nothing_twice():
    assert problems({"app": "shop.jobs,shop.jobs"}, {}) == ['app: "shop.jobs" is named twice (command line)']


@pytest.mark.parametrize("url", ["postgresql://u:hunter2@h:x/d", "hunter2", "password=hunter2 'x", "a://u:hunter2@h"])
def test_a_wrong_database_url_is_not_quoted(url):
    (problem,) = problems({"database_url": url}, {})
    assert "hunter2" not in problem


def test_a_caller_from_python_is_named():
    assert problems({"worker": 1}, {}, caller="configure()") == [
        "worker: unknown setting; did you mean workers? (configure())"
    ]


def test_hostile_values_are_quoted_short_and_printable():
    (problem,) = problems({"workers": "\x1b[31m" + "9" * 10_000}, {})
    assert problem.isprintable()
    assert len(problem) < 200


def test_the_file_is_named_by_the_option_before_the_environment():
    environ = {"DELAYED_DAEMON_CONFIG": "env.yml"}
    assert str(file_named("option.yml", environ)) == "option.yml"
    assert str(file_named(None, environ)) == "env.yml"
    assert file_named(None, {}) is None


def test_passwords_are_hidden_from_people():
    resolved = resolve({"database_url": "postgresql://shop:hunter2@db/shop"}, {})
    assert resolved.shown()["database_url"] == "postgresql://shop:***@db/shop"
    assert resolved.config.database_url == "postgresql://shop:hunter2@db/shop"


def test_delayed_jobs_quiet_logs_errors_only_unless_a_level_is_named():
    for value in ("1", "true", "yes"):
        assert resolve({}, {"QUIET": value}).config.log_level == "error"
    for value in ("", "0", "no", "false"):
        assert resolve({}, {"QUIET": value}).config.log_level == "info"
    assert resolve({}, {"QUIET": "1", "DELAYED_DAEMON_LOG_LEVEL": "debug"}).config.log_level == "debug"
    assert resolve({"log_level": "warning"}, {"QUIET": "1"}).config.log_level == "warning"
