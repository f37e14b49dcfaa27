from __future__ import annotations

import json

from delayed_daemon.settings import SETTINGS


def test_shows_each_setting_with_its_value_and_source(command, place):
    (place / "daemon.yml").write_text("lease: 1m\n")
    ended = command("config", "-n", "4", "--app", "shop.jobs", "--app", "shop.mail", "--log-jobs",
                    DELAYED_DAEMON_CONFIG="daemon.yml", DELAYED_DAEMON_QUEUES="mail,slow")  # fmt: skip
    rows = {line.split()[0]: line.split(maxsplit=2)[1:] for line in ended.out.splitlines()}
    assert ended.code == 0
    assert rows["workers"] == ["4", "command line"]
    assert rows["app"] == ["shop.jobs,shop.mail", "command line"]
    assert rows["log_jobs"] == ["yes", "command line"]
    assert rows["queues"] == ["mail,slow", "environment DELAYED_DAEMON_QUEUES"]
    assert rows["lease"] == ["1m", "daemon.yml line 1"]
    assert rows["name"] == ["-", "default"]
    assert list(rows) == ["SETTING", *(setting.name for setting in SETTINGS)]


def test_is_plain_text_in_a_pipe(command):
    assert "\x1b" not in command("config").out


def test_hides_passwords(command):
    variables = {"DATABASE_URL": "postgresql://shop:hunter2@db/shop?sslpassword=hunter2"}
    for arguments in (["config"], ["config", "--json"]):
        ended = command(*arguments, **variables)
        assert "hunter2" not in ended.out + ended.err
        assert "postgresql://shop:***@db/shop?sslpassword=***" in ended.out


def test_as_json(command):
    document = json.loads(command("config", "--json", "--no-wake-ups", "--max-run-time", "30m").out)
    assert list(document) == [setting.name for setting in SETTINGS]
    assert document["wake_ups"] == {"value": False, "source": "command line"}
    assert document["max_run_time"] == {"value": 1800.0, "source": "command line"}
    assert document["queues"] == {"value": [], "source": "default"}


def test_an_option_may_be_repeated_or_hold_a_list(command):
    document = json.loads(command("config", "--json", "--queues", "a,b", "--queues", "c").out)
    assert document["queues"]["value"] == ["a", "b", "c"]


def test_an_empty_option_takes_a_list_back(command):
    document = json.loads(command("config", "--json", "--queues", "", DELAYED_DAEMON_QUEUES="mail").out)
    assert document["queues"] == {"value": [], "source": "command line"}
