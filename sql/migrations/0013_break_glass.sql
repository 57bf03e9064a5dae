-- Two persons' signed word that one transfer may go past the rules for a few hours, and a third's word over it.
CREATE TABLE break_glass (
  digest           text NOT NULL,               -- SHA-256 of the statement
  transfer         text NOT NULL,
  client           text NOT NULL,
  first_person     text NOT NULL,               -- who asked,
  second_person    text NOT NULL,               -- and who must sign besides
  reason           text NOT NULL,
  statement        text NOT NULL,               -- signed crossdock/break-glass/v1, by the first, later by both
  not_before       timestamptz NOT NULL,
  not_after        timestamptz NOT NULL,
  asked            timestamptz NOT NULL,
  broken           timestamptz,                 -- the second signed; null: nothing moves by it
  review_due       timestamptz,
  reviewed         timestamptz,
  reviewer         text NOT NULL DEFAULT '',
  verdict          text NOT NULL DEFAULT '',    -- justified, unjustified
  review           text NOT NULL DEFAULT '',
  review_statement text NOT NULL DEFAULT '',    -- signed crossdock/break-glass-review/v1
  CONSTRAINT a_break_glass_is_asked_once PRIMARY KEY (digest),
  CONSTRAINT two_break_the_glass CHECK (first_person <> second_person),
  CONSTRAINT a_broken_glass_has_a_day_for_its_review CHECK ((broken IS NULL) = (review_due IS NULL)),
  CONSTRAINT only_a_broken_glass_is_reviewed CHECK (reviewed IS NULL OR broken IS NOT NULL)
);
CREATE INDEX break_glass_by_transfer ON break_glass (transfer, asked);
CREATE INDEX break_glass_by_time ON break_glass (asked, digest);
CREATE INDEX break_glass_unreviewed ON break_glass (client, review_due) WHERE reviewed IS NULL;
