"""One attempt at one job: load → arm → perform → outcome.

Run by the worker. It knows payloads and limits, and nothing of the table or of other processes:
the outcome is a value that says what to write.
"""
