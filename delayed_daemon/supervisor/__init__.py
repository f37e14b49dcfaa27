"""The supervisor: forks, reaps, restarts, signals and watches. ``delayed-daemon start`` becomes it.

It has no database connection, no thread and no line of the application, so that nothing unsafe is
inherited by its children and neither a stalled database nor broken application code stops it.
It may import the host and the vocabulary, and gets the children's halves as callables.
"""
