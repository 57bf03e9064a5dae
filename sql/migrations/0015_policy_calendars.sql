-- The iCalendar files that policies name by digest. A policy's own digest is over theirs, so none ever changes.
CREATE TABLE calendar_file (
  digest text NOT NULL,                         -- SHA-256 of the bytes, lower hex
  bytes  bytea NOT NULL,
  kept   timestamptz NOT NULL,
  CONSTRAINT a_calendar_file_is_kept_once PRIMARY KEY (digest),
  CONSTRAINT a_calendar_file_is_what_its_digest_says CHECK (digest = encode(sha256(bytes), 'hex')),
  CONSTRAINT a_calendar_file_is_small CHECK (octet_length(bytes) <= 65536)
);
-- Digests of calendar_file. Without one of them, whatever goes by it is held.
ALTER TABLE policy        ADD COLUMN calendars text[] NOT NULL DEFAULT '{}';
ALTER TABLE policy_shadow ADD COLUMN calendars text[] NOT NULL DEFAULT '{}';
