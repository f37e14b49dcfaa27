"""A PostgreSQL of our own, for when no database URL is given.

Run by whoever needs a server: a short-lived child of the supervisor, the other commands, a
producing application, the tests. The server itself runs in a session of its own, under an
unprivileged account, and stops when its last holder leaves. Only `delayed_daemon.embedded.server`
loads psycopg: a process that merely holds the server open imports `delayed_daemon.embedded.holder`.
"""
