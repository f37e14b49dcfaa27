"""The fork server: imports the application once and forks workers from there, on request.

It is a child of the supervisor. It holds no database connection and starts no thread; workers are
its grandchildren, adopted by the supervisor, so that one process alone learns how each ended.
"""
