"""What one handler may hold. The writer refuses what the reader would."""

from __future__ import annotations

MOST_BYTES = 1024 * 1024
"""Of UTF-8, tag included."""
DEEPEST = 64
"""Collections inside one another; the outermost mapping is the first."""
MOST_NODES = 100_000
"""Collections, scalars and keys together."""
MOST_DIGITS = 4300
"""Of one integer: reading decimal digits takes time quadratic in their number."""
LONGEST_KEY = 900
"""Characters of a key as written: YAML gives up looking for the colon after 1024."""
LONGEST_NAME = 1000
"""Characters of a class's or function's full name."""
MOST_EQUAL_HASHES = 16
"""Members of one set, or keys of one mapping, that share a hash: each costs a comparison with all others."""
