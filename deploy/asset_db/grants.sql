-- Checks that the studio's three functions are what the connector calls, and lets the connector, and nobody else, call them.
-- Run it after writing or replacing them:  psql -v ON_ERROR_STOP=1 -d assets -f grants.sql
do $$
declare
  wanted record;
  found  regprocedure;
begin
  for wanted in
    select * from (values
      ('crossdock.entity(text, text)',
       'TABLE(client text, project text, name text, version text, status text, ready boolean, generation text, publisher text, '
       'classification text, tags text[], volume text, path text)'),
      ('crossdock.ready_entities(text, text, integer)', 'TABLE(entity_type text, entity_id text)'),
      ('crossdock.report(text, text, text, text, text, text)', 'void')) as f(signature, result)
  loop
    found := to_regprocedure(wanted.signature);
    if found is null then
      raise exception 'the function % is missing: write it, crossdock.sql ends with a template', wanted.signature;
    end if;
    if pg_get_function_result(found) <> wanted.result then
      raise exception 'the function % returns %, it must return %', wanted.signature, pg_get_function_result(found), wanted.result;
    end if;
    execute format('revoke all on function %s from public', found);
    execute format('grant execute on function %s to crossdock_connector', found);
  end loop;
end $$;
