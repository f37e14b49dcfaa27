-- Deletes the row of a daemon that leaves in order. Index: primary key of {daemons}.
DELETE FROM {daemons} d WHERE d.id = %(id)s::uuid
