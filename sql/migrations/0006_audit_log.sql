-- The audit log as one that an auditor can verify: docs/audit.md. Each row of `audit` carries its leaf, the bytes that
-- its log hashes, from the same INSERT; so whoever writes an audit row, in whatever statement, writes a leaf.
CREATE FUNCTION audit_leaf_of(at timestamptz, client text, actor text, action text, transfer text, result text,
                              detail jsonb) RETURNS bytea
  LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT convert_to('{"v":1,"at":"' || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
                    || '","client":' || to_json(client) || ',"actor":' || to_json(actor)
                    || ',"action":' || to_json(action) || ',"transfer":' || to_json(transfer)
                    || ',"result":' || to_json(result) || ',"detail":' || detail::text || E'}\n', 'UTF8')
$$;
CREATE FUNCTION audit_log_of(client text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE client WHEN '' THEN 'studio' ELSE 'client/' || client END
$$;
CREATE FUNCTION audit_set_leaf() RETURNS trigger
  LANGUAGE plpgsql AS $$
BEGIN
  NEW.leaf := audit_leaf_of(NEW.at, NEW.client, NEW.actor, NEW.action, NEW.transfer, NEW.result, NEW.detail);
  RETURN NEW;
END
$$;

ALTER TABLE audit ADD COLUMN leaf bytea;
UPDATE audit SET leaf = audit_leaf_of(at, client, actor, action, transfer, result, detail);
ALTER TABLE audit ALTER COLUMN leaf SET NOT NULL;
CREATE TRIGGER audit_row_has_a_leaf BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_set_leaf();

-- A tree for each client and one for the studio: how many leaves it has, and whether one of those that no checkpoint
-- covers yet is such that the next one is due at once.
CREATE TABLE audit_log (
  log    text PRIMARY KEY,
  size   bigint NOT NULL,
  urgent boolean NOT NULL
);

-- Up to where rows are numbered. Its one row is also the lock under which they are.
CREATE TABLE audit_position (
  one boolean PRIMARY KEY DEFAULT true,
  xid xid8 NOT NULL,
  id  bigint NOT NULL,
  CONSTRAINT there_is_one_position CHECK (one)
);
INSERT INTO audit_position (xid, id) VALUES ('0', 0);

-- Which row is which leaf.
CREATE TABLE audit_leaf (
  log    text NOT NULL,
  number bigint NOT NULL,
  audit  bigint NOT NULL,
  PRIMARY KEY (log, number)
);

-- The tree's nodes, 256 hashes to a tile (lib/transparency/tiles.h). Hashes do not compress.
CREATE TABLE audit_tile (
  log    text NOT NULL,
  level  integer NOT NULL,
  tile   bigint NOT NULL,
  hashes bytea NOT NULL,
  PRIMARY KEY (log, level, tile)
);
ALTER TABLE audit_tile ALTER COLUMN hashes SET STORAGE EXTERNAL;

CREATE TABLE audit_checkpoint (
  log    text NOT NULL,
  size   bigint NOT NULL,
  signed timestamptz NOT NULL,
  note   text NOT NULL,
  PRIMARY KEY (log, size)
);

-- What agents have added to a checkpoint.
CREATE TABLE audit_cosignature (
  log      text NOT NULL,
  size     bigint NOT NULL,
  agent    text NOT NULL,
  received timestamptz NOT NULL,
  line     text NOT NULL,
  PRIMARY KEY (log, size, agent)
);
CREATE INDEX audit_cosignature_by_agent ON audit_cosignature (agent, log, size DESC);
