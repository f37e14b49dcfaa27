-- The jobs locked under tokens from %(prefix)s up to, and not including, %(beyond)s, for reconciliation.
-- Index: delayed_jobs_locked.
SELECT j.id, j.locked_by FROM {jobs} j
WHERE j.locked_by >= %(prefix)s::text AND j.locked_by < %(beyond)s::text
ORDER BY j.locked_by
