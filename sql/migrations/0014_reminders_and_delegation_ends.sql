-- Whom a policy wants told that approvals are open for long. A row for each of what is asked for: it is told once.
CREATE TABLE approval_reminder (
  transfer  text NOT NULL,
  asked     timestamptz NOT NULL,  -- since when these approvals are asked for
  kind      text NOT NULL,
  recipient text NOT NULL,
  binding   text NOT NULL,         -- what they are asked for: listing and policies, by digest
  due       timestamptz NOT NULL,
  told      timestamptz,
  ended     timestamptz,           -- nobody waits for that any more
  CONSTRAINT each_is_told_once_of_what_is_asked PRIMARY KEY (transfer, asked, kind, recipient),
  CONSTRAINT a_reminder_is_one_of_two_kinds CHECK (kind IN ('reminder', 'escalation'))
);
CREATE INDEX approval_reminder_due ON approval_reminder (due, transfer) WHERE told IS NULL AND ended IS NULL;

-- A delegation that its approver has ended early. Agents are told until it would have ended by itself.
ALTER TABLE delegation
  ADD COLUMN ended timestamptz,
  ADD COLUMN end_statement text,   -- signed crossdock/delegation-end/v1
  ADD CONSTRAINT an_ended_delegation_has_its_statement CHECK ((ended IS NULL) = (end_statement IS NULL));
