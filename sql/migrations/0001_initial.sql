-- The orchestrator's whole state. Forward only. Every table that holds a client's matter has the client in it, so that
-- one client's rows can be shown, exported and expired without touching another's.

-- Intake ------------------------------------------------------------------------------------------------------------

CREATE TABLE inbox (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source      text NOT NULL,
  external_id text NOT NULL,
  client      text NOT NULL DEFAULT '',         -- known once the entity was read
  kind        text NOT NULL,
  project     text NOT NULL,
  entity_type text NOT NULL,
  entity_id   text NOT NULL,
  occurred    timestamptz NOT NULL,
  received    timestamptz NOT NULL,
  data        jsonb NOT NULL DEFAULT '{}',
  state       text NOT NULL DEFAULT 'waiting',
  outcome     text NOT NULL DEFAULT '',
  detail      text NOT NULL DEFAULT '',
  attempts    int NOT NULL DEFAULT 0,
  not_before  timestamptz NOT NULL,
  CONSTRAINT an_event_enters_the_inbox_once UNIQUE (source, external_id),
  CONSTRAINT an_inbox_state_is_known CHECK (state IN ('waiting', 'done', 'parked'))
);
CREATE INDEX inbox_waiting ON inbox (not_before, id) WHERE state = 'waiting';

-- How far each asset database was read, and in which life of which cluster that position means anything.
CREATE TABLE source_cursor (
  source            text PRIMARY KEY,
  system_identifier text NOT NULL,
  timeline          bigint NOT NULL,
  xid               text NOT NULL,
  id                bigint NOT NULL,
  reconciled        timestamptz,
  updated           timestamptz NOT NULL
);

-- What moves where, once and for ever: also after the transfer itself went to history.
CREATE TABLE transfer_key (
  key      text PRIMARY KEY,
  client   text NOT NULL,
  transfer text NOT NULL,
  made     timestamptz NOT NULL
);

-- Transfers ---------------------------------------------------------------------------------------------------------

CREATE TABLE transfer (
  id               text PRIMARY KEY,
  client           text NOT NULL,
  project          text NOT NULL,
  delivery         text NOT NULL,
  trigger          text NOT NULL,
  inbox            bigint,
  event_kind       text NOT NULL,
  requester        text NOT NULL,
  source           text NOT NULL,               -- the asset database
  entity_type      text NOT NULL,
  entity_id        text NOT NULL,
  entity_name      text NOT NULL,
  entity_version   text NOT NULL,
  entity_status    text NOT NULL,
  generation       text NOT NULL,               -- of the entity's readiness
  publisher        text NOT NULL,
  classification   text NOT NULL,
  tags             text[] NOT NULL,
  source_site      text NOT NULL,
  destination_site text NOT NULL,
  volume           text NOT NULL,
  path             bytea NOT NULL,
  destination_path bytea NOT NULL,
  purpose          text NOT NULL,
  priority         int NOT NULL,
  deadline         timestamptz,
  state            text NOT NULL,
  state_since      timestamptz NOT NULL,
  reason           text NOT NULL DEFAULT '',
  detail           text NOT NULL DEFAULT '',
  paused_by        text NOT NULL DEFAULT '',
  paused_reason    text NOT NULL DEFAULT '',
  scan             bigint NOT NULL DEFAULT 1,   -- a newer scan makes older results void
  listing          text NOT NULL DEFAULT '',    -- SHA-256, lower hex
  content          text NOT NULL DEFAULT '',
  content_wanted   boolean NOT NULL DEFAULT false,
  files            bigint NOT NULL DEFAULT 0,
  bytes            bigint NOT NULL DEFAULT 0,
  chunks           bigint NOT NULL DEFAULT 0,
  decision         bigint,
  policy           text NOT NULL DEFAULT '',
  verify           text NOT NULL DEFAULT 'landed',
  epoch_generation bigint NOT NULL DEFAULT 0,
  epoch_n          bigint NOT NULL DEFAULT 0,
  rendezvous       bytea NOT NULL,              -- 16 random bytes, fixed for the transfer
  agent_from       text NOT NULL DEFAULT '',
  agent_to         text NOT NULL DEFAULT '',
  renewed          timestamptz,                 -- the lease's last renewal
  attempts         int NOT NULL DEFAULT 0,
  not_before       timestamptz NOT NULL,        -- backoff
  created          timestamptz NOT NULL,
  changed          timestamptz NOT NULL,
  CONSTRAINT a_transfer_state_is_known CHECK (state IN (
    'received', 'scanning', 'deciding', 'held', 'awaiting_approval', 'queued', 'running', 'publishing', 'delivered',
    'closed', 'denied', 'superseded', 'expired', 'cancelled', 'failed'))
);
CREATE INDEX transfer_live ON transfer (state, priority DESC, created, id)
  WHERE state NOT IN ('closed', 'denied', 'superseded', 'expired', 'cancelled', 'failed');
CREATE INDEX transfer_by_creation ON transfer (created DESC, id);
CREATE INDEX transfer_by_delivery ON transfer (delivery);
CREATE INDEX transfer_by_entity ON transfer (source, entity_type, entity_id);

CREATE TABLE transfer_history (
  id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  transfer         text NOT NULL,
  client           text NOT NULL,
  at               timestamptz NOT NULL,
  from_state       text NOT NULL,
  to_state         text NOT NULL,
  cause            text NOT NULL,
  actor            text NOT NULL,
  reason           text NOT NULL,
  detail           text NOT NULL,
  epoch_generation bigint NOT NULL,
  epoch_n          bigint NOT NULL
);
CREATE INDEX transfer_history_by_transfer ON transfer_history (transfer, id);

-- Which agent may hold staging of a transfer, from the assignment until it says that it is gone.
CREATE TABLE staging (
  transfer         text NOT NULL,
  agent            text NOT NULL,
  client           text NOT NULL,
  volume           text NOT NULL,
  epoch_generation bigint NOT NULL,             -- of the newest attempt that the agent received
  epoch_n          bigint NOT NULL,
  assigned         timestamptz NOT NULL,
  refusals         int NOT NULL DEFAULT 0,
  not_before       timestamptz NOT NULL,        -- backoff after a refusal
  cleaned          timestamptz,
  CONSTRAINT an_agent_holds_staging_of_a_transfer_once PRIMARY KEY (transfer, agent)
);
CREATE INDEX staging_to_clean ON staging (agent, assigned) WHERE cleaned IS NULL;

CREATE TABLE manifest_chunk (
  transfer text NOT NULL,
  scan     bigint NOT NULL,
  index    bigint NOT NULL,
  client   text NOT NULL,
  bytes    bytea NOT NULL,
  PRIMARY KEY (transfer, scan, index)
);
CREATE TABLE scan_finding (
  transfer text NOT NULL,
  scan     bigint NOT NULL,
  ordinal  int NOT NULL,
  client   text NOT NULL,
  code     text NOT NULL,
  path     bytea NOT NULL,
  detail   text NOT NULL,
  PRIMARY KEY (transfer, scan, ordinal)
);

-- Evidence ----------------------------------------------------------------------------------------------------------

-- What the policy said, with every input: it can be computed again exactly.
CREATE TABLE decision (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  transfer  text NOT NULL,
  client    text NOT NULL,
  at        timestamptz NOT NULL,
  policy    text NOT NULL,
  roster    bigint NOT NULL,
  facts     jsonb NOT NULL,
  approvals jsonb NOT NULL,
  verdict   text NOT NULL,
  result    jsonb NOT NULL
);
CREATE INDEX decision_by_transfer ON decision (transfer, id);

CREATE TABLE approval (
  id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  transfer         text NOT NULL,
  client           text NOT NULL,
  requirement      text NOT NULL,
  approver         text NOT NULL,
  decision         text NOT NULL,
  statement        text NOT NULL,
  nonce            text NOT NULL,
  received         timestamptz NOT NULL,
  dismissed        timestamptz,
  dismissed_reason text NOT NULL DEFAULT '',
  CONSTRAINT an_approval_is_used_once UNIQUE (nonce)
);
CREATE INDEX approval_by_transfer ON approval (transfer, id);

CREATE TABLE receipt (
  transfer         text NOT NULL,
  client           text NOT NULL,
  epoch_generation bigint NOT NULL,
  epoch_n          bigint NOT NULL,
  role             text NOT NULL,
  agent            text NOT NULL,
  statement        text NOT NULL,
  received         timestamptz NOT NULL,
  -- Each role of an attempt is played by one agent.
  CONSTRAINT an_attempt_has_one_receipt_of_each_role PRIMARY KEY (transfer, epoch_generation, epoch_n, role)
);

-- xid lets a later sequencer number the rows after commit, without a counter in the hot path.
CREATE TABLE audit (
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  xid      xid8 NOT NULL DEFAULT pg_current_xact_id(),
  at       timestamptz NOT NULL,
  client   text NOT NULL,
  actor    text NOT NULL,
  action   text NOT NULL,
  transfer text NOT NULL,
  result   text NOT NULL,
  detail   jsonb NOT NULL
);
CREATE INDEX audit_by_transfer ON audit (transfer, id) WHERE transfer <> '';
CREATE INDEX audit_by_position ON audit (xid, id);

-- What the world is told: watches now, webhooks later. Read by (xid, id) below the snapshot, like any outbox.
CREATE TABLE outgoing_event (
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  xid      xid8 NOT NULL DEFAULT pg_current_xact_id(),
  at       timestamptz NOT NULL,
  client   text NOT NULL,
  project  text NOT NULL,
  transfer text NOT NULL,
  kind     text NOT NULL,
  state    text NOT NULL
);
CREATE INDEX outgoing_event_by_position ON outgoing_event (xid, id);

-- What the asset database is told, until it has taken it.
CREATE TABLE write_back (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  client      text NOT NULL,
  transfer    text NOT NULL,
  source      text NOT NULL,
  entity_type text NOT NULL,
  entity_id   text NOT NULL,
  destination text NOT NULL,
  state       text NOT NULL,
  note        text NOT NULL,
  attempts    int NOT NULL DEFAULT 0,
  not_before  timestamptz NOT NULL,
  done        timestamptz
);
CREATE INDEX write_back_waiting ON write_back (source, not_before, id) WHERE done IS NULL;

-- Rules -------------------------------------------------------------------------------------------------------------

CREATE TABLE policy (
  client   text NOT NULL,
  digest   text NOT NULL,
  title    text NOT NULL,
  text     bytea NOT NULL,
  author   text NOT NULL,
  proposed timestamptz NOT NULL,
  PRIMARY KEY (client, digest)
);
CREATE TABLE policy_activation (
  client    text NOT NULL,
  number    bigint NOT NULL,
  digest    text NOT NULL,
  statement text NOT NULL,
  officer   text NOT NULL,
  activated timestamptz NOT NULL,
  CONSTRAINT a_policy_number_is_used_once PRIMARY KEY (client, number),
  CONSTRAINT an_activated_policy_was_proposed FOREIGN KEY (client, digest) REFERENCES policy
);
CREATE TABLE trigger_set (
  name    text PRIMARY KEY,
  text    bytea NOT NULL,
  names   text[] NOT NULL,
  author  text NOT NULL,
  applied timestamptz NOT NULL
);
CREATE TABLE link (
  source_site          text NOT NULL,
  destination_site     text NOT NULL,
  concurrency          int NOT NULL,
  bytes_per_second_max bigint NOT NULL,
  held_reason          text NOT NULL DEFAULT '',
  held_until           timestamptz,
  PRIMARY KEY (source_site, destination_site)
);

-- Identity ----------------------------------------------------------------------------------------------------------

CREATE TABLE roster (
  number    bigint PRIMARY KEY,
  body      bytea NOT NULL,
  statement text NOT NULL,
  received  timestamptz NOT NULL
);
CREATE TABLE join_grant (
  digest     text PRIMARY KEY,
  site       text NOT NULL,
  statement  text NOT NULL,
  not_after  timestamptz NOT NULL,
  registered timestamptz NOT NULL,
  used_by    text
);
CREATE TABLE agent (
  id                  text PRIMARY KEY,
  site                text NOT NULL,
  identity            text NOT NULL,
  join_grant          text NOT NULL,
  identity_key        text NOT NULL,
  tls_spki            text NOT NULL,
  session_counter     bigint NOT NULL DEFAULT 0,
  version             text NOT NULL DEFAULT '',
  volumes             text[] NOT NULL DEFAULT '{}',
  certificate_expires timestamptz,
  enrolled            timestamptz NOT NULL,
  last_report         timestamptz
);
CREATE TABLE relay (
  id          text PRIMARY KEY,
  site        text NOT NULL,
  spki        text NOT NULL,
  address_lan text NOT NULL,
  address_wan text NOT NULL,
  statement   text NOT NULL,
  added       timestamptz NOT NULL
);
CREATE TABLE relay_keys (
  site     text NOT NULL,
  number   bigint NOT NULL,
  bundle   text NOT NULL,
  received timestamptz NOT NULL,
  PRIMARY KEY (site, number)
);
CREATE TABLE denied_key (
  spki   text PRIMARY KEY,
  number bigint GENERATED ALWAYS AS IDENTITY,
  reason text NOT NULL,
  actor  text NOT NULL,
  at     timestamptz NOT NULL
);
CREATE TABLE api_token (
  id      text PRIMARY KEY,
  hash    text NOT NULL,                        -- SHA-256 of the secret, lower hex
  subject text NOT NULL,
  roles   text[] NOT NULL,
  client  text NOT NULL,                        -- '' = every client
  expires timestamptz NOT NULL,
  revoked timestamptz,
  CONSTRAINT a_token_hash_is_used_once UNIQUE (hash)
);

-- The answers given to mutating calls, so that a repeated request_id changes nothing.
CREATE TABLE request (
  subject    text NOT NULL,
  request_id text NOT NULL,
  method     text NOT NULL,
  resource   text NOT NULL,
  at         timestamptz NOT NULL,
  PRIMARY KEY (subject, request_id)
);
