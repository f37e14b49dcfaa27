-- The number of the newest migration that was applied. Index: primary key of {migrations}.
SELECT coalesce(max(version), 0) FROM {migrations}
