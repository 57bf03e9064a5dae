-- What a policy said is kept once an outcome, with all that it was asked with, so that it replays exactly.
ALTER TABLE decision
  ADD COLUMN outcome  text,                     -- SHA-256 over everything but the time
  ADD COLUMN occasion text NOT NULL DEFAULT '', -- what made us ask: event, approval, dispatch, …
  ADD COLUMN layers   jsonb,                    -- each policy's word, with hours and ends as instants; null: not kept
  ADD COLUMN voices   jsonb;                    -- the approvals that counted, as the evaluation was given them
UPDATE decision SET outcome = 'decision ' || id;
ALTER TABLE decision
  ALTER COLUMN outcome SET NOT NULL,
  ADD CONSTRAINT an_outcome_is_kept_once UNIQUE (transfer, outcome);
CREATE INDEX decision_by_time ON decision (at, id);

-- The life of each version of a policy. Scope: `studio`, `client:X` or `show:X/Y`.
CREATE TABLE policy_version (
  scope      text NOT NULL,
  digest     text NOT NULL,
  state      text NOT NULL,
  author     text NOT NULL,                     -- who proposed it last
  proposed   timestamptz NOT NULL,
  against    text NOT NULL DEFAULT '',          -- the digest that was in force then; empty: none
  difference jsonb NOT NULL DEFAULT '{}',       -- exactly what it decides otherwise than that one
  accepted   text[] NOT NULL DEFAULT '{}',      -- findings of lint that the author answers for
  number     bigint NOT NULL DEFAULT 0,         -- that an officer signed last
  statement  text NOT NULL DEFAULT '',          -- which is this
  officer    text NOT NULL DEFAULT '',
  CONSTRAINT a_version_is_one_of_its_scope PRIMARY KEY (scope, digest),
  CONSTRAINT a_version_state_is_known CHECK (state IN (
    'proposed', 'approved', 'in_force', 'replaced', 'stale', 'withdrawn'))
);
CREATE UNIQUE INDEX a_scope_has_one_version_in_force ON policy_version (scope) WHERE state = 'in_force';
CREATE TABLE policy_event (
  id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  scope  text NOT NULL,
  digest text NOT NULL,
  at     timestamptz NOT NULL,
  actor  text NOT NULL,
  cause  text NOT NULL,
  state  text NOT NULL,                         -- afterwards
  number bigint NOT NULL DEFAULT 0,
  detail text NOT NULL DEFAULT ''
);
CREATE INDEX policy_event_by_scope ON policy_event (scope, id);

-- What was there before.
INSERT INTO policy_version (scope, digest, state, author, proposed, number, statement, officer)
SELECT 'client:' || p.client, p.digest,
       CASE WHEN a.number IS NULL THEN 'proposed'
            WHEN a.number = (SELECT max(number) FROM policy_activation m WHERE m.client = p.client) THEN 'in_force'
            ELSE 'replaced' END,
       p.author, p.proposed, coalesce(a.number, 0), coalesce(a.statement, ''), coalesce(a.officer, '')
  FROM policy p
  LEFT JOIN LATERAL (SELECT * FROM policy_activation a WHERE a.client = p.client AND a.digest = p.digest
                      ORDER BY number DESC LIMIT 1) a ON true;
INSERT INTO policy_event (scope, digest, at, actor, cause, state, number)
SELECT 'client:' || client, digest, activated, officer, 'activated', 'in_force', number
  FROM policy_activation ORDER BY activated, number;

-- A candidate that is asked beside the version in force, and never acts.
CREATE TABLE policy_shadow (
  scope   text PRIMARY KEY,
  digest  text NOT NULL,
  text    bytea NOT NULL,
  author  text NOT NULL,
  started timestamptz NOT NULL
);
CREATE TABLE policy_shadow_difference (
  scope    text NOT NULL REFERENCES policy_shadow ON DELETE CASCADE,
  digest   text NOT NULL,                       -- of the candidate
  decision bigint NOT NULL,
  kind     text NOT NULL,                       -- newly_allowed, looser, newly_refused, stricter, undecidable
  before   text NOT NULL,
  after    text NOT NULL,
  why      text NOT NULL,
  at       timestamptz NOT NULL,
  CONSTRAINT a_difference_is_kept_once PRIMARY KEY (scope, digest, decision, after)
);
