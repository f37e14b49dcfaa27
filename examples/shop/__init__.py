"""A small shop that does its slow work in background jobs. Start reading at ``jobs``; see it run with ``demo``."""
