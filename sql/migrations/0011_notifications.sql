-- What recipients whom a policy names are told of transfers, until they have taken it.
CREATE TABLE notification (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  recipient  text NOT NULL,
  client     text NOT NULL,
  transfer   text NOT NULL,
  state      text NOT NULL,
  document   text NOT NULL,            -- JSON, as it is sent every time
  created    timestamptz NOT NULL,
  not_before timestamptz NOT NULL,
  attempts   int NOT NULL DEFAULT 0,
  done       timestamptz,              -- taken, or given up
  error      text NOT NULL DEFAULT ''  -- of the last attempt
);
CREATE INDEX notification_due ON notification (not_before, id) WHERE done IS NULL;
