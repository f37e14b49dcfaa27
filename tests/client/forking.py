"""A producing application that forks; run as a program, it prints what became of its sessions as JSON.

Arguments: database URL, schema, and how the child ends: ``returns`` or ``_exit``.
"""

from __future__ import annotations

import json
import os
import sys

from delayed_daemon import configure, enqueue
from delayed_daemon.client.connections import connections
from tests.client.letters import Letter

EACH = 100


def backend() -> int:
    row = connections.get().execute("SELECT pg_backend_pid()").fetchone()
    assert row is not None
    return int(row[0])


def main(url: str, schema: str, ending: str) -> None:
    configure(database_url=url, schema=schema)
    enqueue(Letter("before"))
    before = backend()
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        for number in range(EACH):
            enqueue(Letter(f"child-{number}"))
        os.write(tell, b"%d" % backend())
        if ending == "_exit":
            os._exit(0)
        return
    for number in range(EACH):
        enqueue(Letter(f"parent-{number}"))
    meanwhile = backend()
    _, status = os.waitpid(child, 0)
    enqueue(Letter("after"))
    sessions = {"before": before, "meanwhile": meanwhile, "after": backend(), "child": int(os.read(told, 32))}
    print(json.dumps({**sessions, "status": status}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
