"""The store: every SQL statement of the project, one file each, one method each.

Run by the worker, by maintenance, by the producing side and by short-lived children that check or
migrate. May import psycopg and the vocabulary; must never import the application, YAML or a room above.
Statements are ``sql/*.sql``, schema changes ``migrations/*.sql``; no SQL is put together anywhere else.
"""
