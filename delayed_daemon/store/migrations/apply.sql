
DO $migration$
BEGIN
IF NOT EXISTS (SELECT FROM {migrations} WHERE version = {version}) THEN

{body}

INSERT INTO {migrations} (version, name) VALUES ({version}, {name});
END IF;
END
$migration$;
