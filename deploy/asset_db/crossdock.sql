-- Crossdock's contract with a studio's own asset database. The DBA runs this file once, as the owner-to-be of the schema:
--
--   psql -v ON_ERROR_STOP=1 -d assets -f crossdock.sql       (again after an upgrade: it changes nothing that is there)
--
-- then writes the three functions of the template at the end, and runs grants.sql, which checks them.
-- PostgreSQL 13 or newer. Nothing here reads or writes a table of the studio's.
begin;

create schema if not exists crossdock;

-- Who may do what. crossdock_publisher is for the studio's own writers: grant it to the roles whose statements change what is ready.
-- crossdock_connector is the orchestrator's login; how it proves itself is pg_hba.conf's business (a certificate, or scram-sha-256).
do $$
begin
  if not exists (select from pg_roles where rolname = 'crossdock_publisher') then
    create role crossdock_publisher nologin;
  end if;
  if not exists (select from pg_roles where rolname = 'crossdock_connector') then
    create role crossdock_connector login connection limit 16;
  end if;
end $$;

-- What happened, written in the transaction in which it happened: both are there after the commit, or neither is.
-- It is read by (xid, id) up to pg_snapshot_xmin(pg_current_snapshot()). A cursor on a serial id alone would lose the rows of
-- a transaction that took its number early and committed late; below the snapshot's xmin nothing can appear any more.
-- An event is a hint: the reader asks crossdock.entity() before it decides anything, so `data` is for people and for logs.
create table if not exists crossdock.outbox (
  id          bigserial   not null,
  xid         xid8        not null default pg_current_xact_id(),
  created_at  timestamptz not null default clock_timestamp(),
  event_id    uuid        not null default gen_random_uuid(),
  kind        text        not null,
  project     text        not null,
  entity_type text        not null,
  entity_id   text        not null,
  data        jsonb       not null default '{}',
  primary key (xid, id),
  constraint kind_names_what_happened   check (length(kind) between 1 and 200),
  constraint project_is_named           check (length(project) between 1 and 200),
  constraint entity_type_is_named       check (length(entity_type) between 1 and 200),
  constraint entity_id_is_named         check (length(entity_id) between 1 and 200),
  constraint data_is_at_most_64_kib     check (octet_length(data::text) <= 65536)
);

-- Says that something happened to an entity. Call it from a trigger, or from the application, in the transaction that makes the change.
-- It runs with its owner's rights, so that a writer needs no right on the outbox. The notification only wakes the reader, which polls too:
-- its payload is constant, so that a thousand rows of one transaction are one notification.
create or replace function crossdock.publish(kind text, project text, entity_type text, entity_id text, data jsonb default '{}')
returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into crossdock.outbox (kind, project, entity_type, entity_id, data)
  values (publish.kind, publish.project, publish.entity_type, publish.entity_id, coalesce(publish.data, '{}'));
  perform pg_notify('crossdock_outbox', '');
end $$;

revoke all on schema crossdock from public;
revoke all on crossdock.outbox from public;
revoke all on function crossdock.publish(text, text, text, text, jsonb) from public;
grant usage on schema crossdock to crossdock_publisher, crossdock_connector;
grant execute on function crossdock.publish(text, text, text, text, jsonb) to crossdock_publisher;
grant select on crossdock.outbox to crossdock_connector;

commit;

-- What the studio writes: three functions over its own tables. Copy, adapt, and keep them with the schema of the asset database.
-- `security definer` lets the connector call them without any right on the tables; `set search_path` is what makes that safe.
--
-- -- One entity as it is now; no row when there is none. Facts that Crossdock does not find out itself:
-- --   client          whose content it is: names the client's policy           project    the show
-- --   name, version   what people call it: 'nl_010_0010', 'comp_v003'          status     the studio's own word, shown to people
-- --   ready           whether it may leave now: decides, together with policy
-- --   generation      changes with every entry into "ready": the same entity, ready again, is delivered again (a counter, or a time)
-- --   publisher       who published it: cannot approve it                      classification  public, internal, confidential, restricted, secret
-- --   tags            free words that policy may ask for                       volume, path    where its files are: a volume's name, and a
-- --                                                                            folder or file below it, no leading '/'
-- create or replace function crossdock.entity(entity_type text, entity_id text)
-- returns table(client text, project text, name text, version text, status text, ready boolean, generation text, publisher text,
--               classification text, tags text[], volume text, path text)
-- language sql stable security definer set search_path = pg_catalog, pg_temp as $$
--   select s.client, s.code, v.shot, v.name, v.status, v.status = 'rdy', v.ready_count::text, v.created_by,
--          v.classification, v.tags, 'proj', v.folder
--     from assets.version v join assets.show s on s.id = v.show_id
--    where entity.entity_type = 'Version' and v.id::text = entity.entity_id
-- $$;
--
-- -- Everything that is ready now, in pages: at most row_limit rows that come after (after_type, after_id), in that order. The first page
-- -- is asked for with ('', ''). It is read now and then to find what no event told; an index on the ready ones keeps that cheap.
-- create or replace function crossdock.ready_entities(after_type text, after_id text, row_limit int)
-- returns table(entity_type text, entity_id text)
-- language sql stable security definer set search_path = pg_catalog, pg_temp as $$
--   select 'Version', v.id::text from assets.version v
--    where v.status = 'rdy' and ('Version' collate "C", v.id::text collate "C") > (after_type, after_id)
--    order by v.id::text collate "C" limit row_limit
-- $$;
--
-- -- What became of it, once per destination and state; the same report may come twice. `state` is what a person may read in the asset
-- -- database: 'queued', 'running', 'delivered', 'failed', 'denied', ...; `transfer` is Crossdock's name for it; `note` one sentence.
-- -- It should not change what entity() says is ready: the delivery would trigger itself.
-- create or replace function crossdock.report(entity_type text, entity_id text, destination text, state text, transfer text, note text)
-- returns void language sql security definer set search_path = pg_catalog, pg_temp as $$
--   insert into assets.delivery as d (version_id, site, state, transfer, note) values (report.entity_id::bigint, destination, state, transfer, note)
--   on conflict (version_id, site) do update set state = excluded.state, transfer = excluded.transfer, note = excluded.note
-- $$;
