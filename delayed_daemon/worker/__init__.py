"""A worker: claim, perform, settle, wait. Forked, ready-made, by the fork server.

It runs the application's code in its main thread, holds one connection for bookkeeping that no job
ever gets, and writes down in its slot of the scoreboard, before and after each step, how it stands.
"""
