"""What the machine gives: clocks, signals, forks, shared memory, logs, process titles.

Every process of the daemon runs these lines. They know nothing of jobs, YAML or the database.
"""
