"""How the processes of one daemon reach each other: bells, the lifeline, messages."""

from __future__ import annotations

import os
import select
import signal
import socket

import pytest

from delayed_daemon.host.channel import Channel
from delayed_daemon.host.doorbell import Doorbell, Lifeline
from delayed_daemon.host.systemd import notify
from tests.unit.children import forked, in_child
from tests.waiting import wait_until


def rings(source: Doorbell | Lifeline | Channel) -> bool:
    return bool(select.select([source.fileno()], [], [], 0)[0])


def test_rings_coalesce_and_are_silenced_together():
    bell = Doorbell()
    assert not rings(bell)

    for _ in range(10_000):
        bell.ring()
    assert rings(bell)

    bell.silence()
    assert not rings(bell)
    bell.silence()
    bell.ring()
    assert rings(bell)


@pytest.mark.timeout(20)
def test_a_bell_that_nobody_hears_never_blocks_whoever_rings():
    bell = Doorbell()

    for _ in range(200_000):  # more than any pipe holds
        bell.ring()

    bell.silence()
    assert not rings(bell)


def test_a_child_rings_its_parents_bell():
    bell = Doorbell()

    in_child(bell.ring)

    assert rings(bell)


def test_children_see_the_supervisor_die_however_many_they_are():
    lifeline = Lifeline()

    def live() -> str:
        lifeline.let_go()
        lifeline.let_go()  # once is enough, twice does no harm
        select.select([lifeline.fileno()], [], [])
        return "the supervisor is dead"

    with forked(live) as first, forked(live) as second:
        assert not rings(lifeline)
        lifeline.let_go()  # as the death of the only process that holds it does
        assert first.answer() == second.answer() == "the supervisor is dead"


def test_messages_arrive_whole_and_in_order():
    ours, theirs = Channel.pair()

    for number in range(3):
        assert ours.send({"fork": number, "slot": [1, 2], "why": "a\nb ü"})

    assert theirs.receive() == [{"fork": number, "slot": [1, 2], "why": "a\nb ü"} for number in range(3)]
    assert theirs.receive() == []
    assert theirs.open
    ours.close()
    theirs.close()


def test_a_message_in_pieces_is_given_once_it_is_whole():
    end, raw = socket.socketpair()
    channel = Channel(end)

    raw.sendall(b'{"forked": 1}\n{"for')
    assert channel.receive() == [{"forked": 1}]
    raw.sendall(b'ked"')
    assert channel.receive() == []
    raw.sendall(b": 2}\n")
    assert channel.receive() == [{"forked": 2}]
    raw.close()
    channel.close()


def test_what_was_said_before_the_end_is_heard_and_half_a_message_is_not():
    end, raw = socket.socketpair()
    channel = Channel(end)

    raw.sendall(b'{"broken": "no module"}\n{"rea')
    raw.close()

    assert channel.receive() == [{"broken": "no module"}]
    assert not channel.open
    assert channel.receive() == []
    channel.close()


def test_a_message_larger_than_any_buffer_arrives():
    ours, theirs = Channel.pair()

    def send() -> bool:
        theirs.close()
        return ours.send({"broken": "x" * 3_000_000})

    with forked(send) as child:
        ours.close()
        heard: list[dict[str, str]] = []
        wait_until(lambda: heard.extend(theirs.receive()) or heard, "the message is here")
        assert child.answer() is True
    assert len(heard[0]["broken"]) == 3_000_000
    theirs.close()


def test_speaking_to_a_process_that_is_gone_is_no_error():
    ours, theirs = Channel.pair()
    theirs.close()

    assert ours.send({"fork": 1}) is False
    assert not ours.open
    ours.close()


def test_a_process_killed_in_the_middle_ends_the_channel():
    ours, theirs = Channel.pair()

    def work() -> None:
        ours.close()
        theirs.send({"ready": True})
        os.kill(os.getpid(), signal.SIGKILL)

    with forked(work) as child:
        theirs.close()
        child.wait()
    assert ours.receive() == [{"ready": True}]
    assert not ours.open
    ours.close()


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_is_told_in_one_datagram(tmp_path, monkeypatch, abstract):
    name = f"delayed-daemon-{os.getpid()}-{id(tmp_path)}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("\0" + name if abstract else name)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + name if abstract else name)

        notify("READY=1", "STATUS=4 workers")

        assert systemd.recv(4096, socket.MSG_DONTWAIT) == b"READY=1\nSTATUS=4 workers"


@pytest.mark.parametrize("address", [None, "", "/nowhere/notify"])
def test_without_systemd_nothing_happens(monkeypatch, address):
    if address is None:
        monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    else:
        monkeypatch.setenv("NOTIFY_SOCKET", address)

    notify("READY=1")


@pytest.mark.timeout(20)
def test_a_systemd_that_does_not_read_holds_up_nobody(tmp_path, monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        for _ in range(2000):
            notify("WATCHDOG=1")
