-- Inserts the rows that the client sends, with ids of draw_ids.sql, in the transaction of whoever calls: all
-- of them, or none. Does not notify: wake.sql does.
-- Race: none. Index: none needed.
COPY {jobs} (id, handler, queue, priority, run_at, expires_at) FROM STDIN (ENCODING 'UTF8')
