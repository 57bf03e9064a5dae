-- Who may approve in whose place, and until when.
CREATE TABLE delegation (
  digest     text NOT NULL,                     -- SHA-256 of the statement
  client     text NOT NULL,                     -- of whose transfers; empty: of all clients'
  approver   text NOT NULL,                     -- whose place it is
  delegate   text NOT NULL,
  reason     text NOT NULL,
  statement  text NOT NULL,                     -- signed crossdock/delegation/v1
  not_before timestamptz NOT NULL,
  not_after  timestamptz NOT NULL,
  received   timestamptz NOT NULL,
  CONSTRAINT a_delegation_is_handed_in_once PRIMARY KEY (digest)
);
CREATE INDEX delegation_by_end ON delegation (not_after, digest);
