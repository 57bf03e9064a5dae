-- The asset database of a small studio, as the demo and the tests use it: one client, one show, two shots with a version each.
-- Also a whole example of what a studio writes for Crossdock; read ../asset_db/crossdock.sql first, which is run before this file.
begin;

create schema studio;

create table studio.show (
  code   text primary key,
  title  text not null,
  client text not null
);

create table studio.shot (
  code           text primary key,
  show           text not null references studio.show,
  classification text not null check (classification in ('public', 'internal', 'confidential', 'restricted', 'secret'))
);

-- The words that artists see, and which of them means "may leave the house".
create table studio.status (
  code  text primary key,
  label text not null,
  ready boolean not null
);

create table studio.version (
  code        text primary key,             -- nl_010_0010_comp_v003: unique in the house
  shot        text not null references studio.shot,
  name        text not null,                -- comp_v003
  status      text not null default 'wip' references studio.status,
  publisher   text not null,
  tags        text[] not null default '{}',
  volume      text not null default 'proj',
  path        text not null,
  ready_count integer not null default 0    -- how often it became ready: each time is a delivery of its own
);
create index version_by_status on studio.version (status, code collate "C");

create table studio.delivery_status (
  version     text not null references studio.version,
  destination text not null,
  state       text not null,
  transfer    text not null,
  note        text not null,
  updated_at  timestamptz not null default clock_timestamp(),
  primary key (version, destination)
);

create function studio.count_ready() returns trigger language plpgsql as $$
begin
  if new.status is distinct from old.status and (select ready from studio.status where code = new.status) then
    new.ready_count := new.ready_count + 1;
  end if;
  return new;
end $$;
create trigger count_ready before insert or update of status on studio.version
  for each row execute function studio.count_ready();

-- In the transaction of whoever changes the status: a save that is rolled back was never told.
create function studio.tell_crossdock() returns trigger language plpgsql as $$
begin
  if new.status is distinct from old.status then
    perform crossdock.publish('version.status_changed', (select show from studio.shot where code = new.shot), 'Version', new.code,
                              jsonb_build_object('from', old.status, 'to', new.status));
  end if;
  return null;
end $$;
create trigger tell_crossdock after insert or update of status on studio.version
  for each row execute function studio.tell_crossdock();

create function crossdock.entity(entity_type text, entity_id text)
returns table(client text, project text, name text, version text, status text, ready boolean, generation text, publisher text,
              classification text, tags text[], volume text, path text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select w.client, w.code, s.code, v.name, v.status, t.ready, v.ready_count::text, v.publisher, s.classification, v.tags, v.volume, v.path
    from studio.version v
    join studio.shot s on s.code = v.shot
    join studio.show w on w.code = s.show
    join studio.status t on t.code = v.status
   where entity.entity_type = 'Version' and v.code = entity.entity_id
$$;

create function crossdock.ready_entities(after_type text, after_id text, row_limit int)
returns table(entity_type text, entity_id text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select 'Version', v.code
    from studio.version v join studio.status t on t.code = v.status
   where t.ready and ('Version' collate "C", v.code collate "C") > (after_type, after_id)
   order by v.code collate "C"
   limit row_limit
$$;

-- Its own table, not the version's status: a write-back that looked like a status change would trigger the next delivery.
create function crossdock.report(entity_type text, entity_id text, destination text, state text, transfer text, note text)
returns void language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into studio.delivery_status as d (version, destination, state, transfer, note)
  select v.code, report.destination, report.state, report.transfer, report.note
    from studio.version v
   where report.entity_type = 'Version' and v.code = report.entity_id
  on conflict on constraint delivery_status_pkey
  do update set state = excluded.state, transfer = excluded.transfer, note = excluded.note, updated_at = clock_timestamp()
$$;

insert into studio.status values
  ('wip', 'in progress', false), ('review', 'pending review', false), ('ready', 'ready for delivery', true), ('omit', 'omitted', false);
insert into studio.show values ('nl', 'Northern Lights', 'northlight');
insert into studio.shot values ('nl_010_0010', 'nl', 'internal'), ('nl_010_0020', 'nl', 'confidential');
insert into studio.version (code, shot, name, status, publisher, path) values
  ('nl_010_0010_comp_v003', 'nl_010_0010', 'comp_v003', 'review', 'ana', 'northlight/nl_010_0010/comp/v003'),
  ('nl_010_0020_comp_v003', 'nl_010_0020', 'comp_v003', 'review', 'ana', 'northlight/nl_010_0020/comp/v003');

commit;
