"""What delayed_job does and no other test here shows; docs/delayed_job.md lists all of it."""
