-- A role that a person holds for a time. It is over at `expires`, or when somebody ended it before.
CREATE TABLE role_grant (
  id         text PRIMARY KEY,
  person     text NOT NULL,                     -- as the roster calls them
  role       text NOT NULL,
  client     text NOT NULL,                     -- '' = the whole studio
  reason     text NOT NULL,
  granted_by text NOT NULL,                     -- a person, too
  granted    timestamptz NOT NULL,
  expires    timestamptz NOT NULL,
  ended      timestamptz,
  ended_by   text NOT NULL DEFAULT '',
  ending     text NOT NULL DEFAULT '',          -- revoked, suspended
  CONSTRAINT a_grant_has_an_end CHECK (expires > granted),
  CONSTRAINT nobody_grants_to_themselves CHECK (person <> granted_by),
  CONSTRAINT an_ending_has_a_name CHECK ((ended IS NULL) = (ending = ''))
);
CREATE INDEX role_grant_by_person ON role_grant (person) WHERE ended IS NULL;

-- A look at every grant by somebody else than who holds it. What nobody attested until `ends` is suspended.
CREATE TABLE access_review (
  id        text PRIMARY KEY,
  opened    timestamptz NOT NULL,
  opened_by text NOT NULL,
  ends      timestamptz NOT NULL,
  closed    timestamptz,
  closed_by text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX one_access_review_is_open ON access_review ((closed IS NULL)) WHERE closed IS NULL;
CREATE TABLE access_review_entry (
  review     text NOT NULL REFERENCES access_review,
  grant_id   text NOT NULL REFERENCES role_grant,
  reviewer   text NOT NULL,
  decision   text NOT NULL DEFAULT '',          -- attested, suspended
  decided    timestamptz,
  decided_by text NOT NULL DEFAULT '',
  note       text NOT NULL DEFAULT '',
  CONSTRAINT a_grant_is_reviewed_once PRIMARY KEY (review, grant_id)
);
CREATE INDEX access_review_entry_by_grant ON access_review_entry (grant_id) WHERE decision = '';
