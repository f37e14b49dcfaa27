-- Enqueuing from other languages: delayed_enqueue checks what the client in Python checks, writes the handler
-- as it does, inserts in the transaction of whoever calls, and notifies at its end. It runs with the rights
-- of its owner, so that a role may be granted it and nothing else; to nobody unless granted.
CREATE FUNCTION {schema}.delayed_enqueue(
  name text, payload jsonb DEFAULT '{{}}', priority bigint DEFAULT 0, run_at timestamptz DEFAULT NULL,
  queue text DEFAULT NULL, expires_at timestamptz DEFAULT NULL, kind text DEFAULT 'job'
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET standard_conforming_strings = on
AS $function$
#variable_conflict use_variable
DECLARE
  tag text;
  handler text;
  found text;
  id bigint;
  -- Characters that YAML 1.1 does not print.
  unprintable CONSTANT text := '[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]';
BEGIN
  priority := coalesce(priority, 0);
  run_at := coalesce(run_at, now());
  queue := coalesce(queue, 'default');
  kind := coalesce(kind, 'job');

  IF name IS NULL OR name COLLATE "C" !~ '^([A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_\u0080-\U0010ffff]*[.])+[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_\u0080-\U0010ffff]*$'
     OR name ~ '[[:space:]]' OR name ~ unprintable THEN
    found := format('name: %L is no full name of a class or function, like shop.jobs.NewsletterJob', left(name, 100));
  ELSIF length(name) > 800 THEN
    found := format('name: %s characters are too long a name', length(name));
  ELSIF kind NOT IN ('job', 'call') THEN
    found := format('kind: %L is neither ''job'' nor ''call''', left(kind, 100));
  ELSIF priority NOT BETWEEN -2147483648 AND 2147483647 THEN
    found := format('priority: %s is not a whole number of 32 bits', priority);
  ELSIF queue COLLATE "C" !~ '^[^,[:space:][:cntrl:]]{{1,100}}$' THEN
    found := format(
      'queue: %L is not 1 to 100 characters without comma, white space and control characters', left(queue, 200));
  ELSIF NOT isfinite(run_at) THEN
    found := format('run_at: %s is not a moment', run_at);
  ELSIF NOT isfinite(expires_at) THEN
    found := format('expires_at: %s is not a moment', expires_at);
  ELSIF expires_at < run_at THEN
    found := format('expires_at: %s is before run_at, %s', expires_at, run_at);
  ELSIF payload IS NULL OR jsonb_typeof(payload) <> 'object' THEN
    found := format('payload: a JSON object is needed, not %s', coalesce(jsonb_typeof(payload), 'NULL'));
  ELSIF kind = 'call' AND payload - '{{self,args,kwargs}}'::text[] <> '{{}}' THEN
    found := 'payload: a call has self, args and kwargs, and nothing else';
  ELSIF kind = 'call' AND jsonb_typeof(payload -> 'args') <> 'array' THEN
    found := format('payload: args is an array, not %s', jsonb_typeof(payload -> 'args'));
  ELSIF kind = 'call' AND jsonb_typeof(payload -> 'kwargs') <> 'object' THEN
    found := format('payload: kwargs is an object, not %s', jsonb_typeof(payload -> 'kwargs'));
  ELSIF kind = 'call' AND jsonb_typeof(payload -> 'self') <> 'object' THEN
    found := format('payload: self is an object, the state, not %s', jsonb_typeof(payload -> 'self'));
  END IF;
  IF found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = found;
  END IF;

  tag := name;
  IF name ~ '[^A-Za-z0-9_.]' THEN
    SELECT string_agg(CASE WHEN c ~ '[A-Za-z0-9_.]' THEN c
                      ELSE regexp_replace(upper(encode(convert_to(c, 'UTF8'), 'hex')), '(..)', '%\1', 'g') END, '' ORDER BY n)
    INTO tag FROM regexp_split_to_table(name, '') WITH ORDINALITY AS letter(c, n);
  END IF;
  handler := format('!%s:%s %s', kind, tag, payload);
  IF handler ~ unprintable THEN
    FOR found IN SELECT DISTINCT m[1] FROM regexp_matches(handler, unprintable, 'g') AS m LOOP
      handler := replace(handler, found, '\u' || lpad(to_hex(ascii(found)), 4, '0'));
    END LOOP;
    found := NULL;
  END IF;

  IF octet_length(handler) > 1048576 THEN
    found := format('payload: %s bytes are more than the 1048576 that a job may have', octet_length(handler));
  ELSIF length(handler) > 120 AND jsonb_path_exists(
      payload, 'strict $.**{{64}} ? (@.type() == "object" || @.type() == "array")') THEN
    found := 'payload: it is nested deeper than 64 levels';
  ELSIF length(handler) > 900 AND EXISTS (
      SELECT FROM jsonb_path_query(payload, 'strict $.** ? (@.type() == "object")') AS o, jsonb_object_keys(o) AS key
      WHERE length(regexp_replace(to_json(key)::text, unprintable, '\\u....', 'g')) > 900) THEN
    found := 'payload: it has a key that is too long to be stored';
  ELSIF length(handler) > 4300 AND EXISTS (
      SELECT FROM jsonb_path_query(payload, 'strict $.** ? (@.type() == "number")') AS number
      WHERE length(number::text) > 4300 AND number::text ~ '^-?[0-9]+$' AND length(ltrim(number::text, '-')) > 4300) THEN
    found := 'payload: an integer of more than 4300 digits cannot be stored';
  ELSIF length(handler) > 100000 AND 100000 <= (
      SELECT count(*) FROM jsonb_path_query(payload, 'strict $.**')) + (
      SELECT count(*) FROM jsonb_path_query(payload, 'strict $.** ? (@.type() == "object")') AS o, jsonb_object_keys(o)
      ) THEN
    found := 'payload: it holds more than 100000 values';
  END IF;
  IF found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = found;
  END IF;

  INSERT INTO {jobs} AS j (handler, queue, priority, run_at, expires_at)
  VALUES (handler, queue, priority, run_at, expires_at) RETURNING j.id INTO id;
  -- Always: whether a worker is idle now says nothing about the end of the caller's transaction.
  PERFORM pg_notify('delayed_jobs', format('%s %s %s', {schema_name}, queue, priority));
  RETURN id;
END
$function$;

REVOKE ALL ON FUNCTION {schema}.delayed_enqueue(text, jsonb, bigint, timestamptz, text, timestamptz, text) FROM PUBLIC;
