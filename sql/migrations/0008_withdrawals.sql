-- An approval that its approver took back. Kept for as long as it could otherwise count: agents are told.
CREATE TABLE withdrawal (
  approval    text NOT NULL,                    -- SHA-256 of the statement that it takes back
  transfer    text NOT NULL,
  client      text NOT NULL,
  requirement text NOT NULL,
  approver    text NOT NULL,
  reason      text NOT NULL,
  statement   text NOT NULL,                    -- signed crossdock/withdrawal/v1
  not_after   timestamptz NOT NULL,             -- of the approval
  received    timestamptz NOT NULL,
  CONSTRAINT an_approval_is_withdrawn_once PRIMARY KEY (approval)
);
CREATE INDEX withdrawal_by_transfer ON withdrawal (transfer, received);
CREATE INDEX withdrawal_by_end ON withdrawal (not_after);
-- Agents are told who said no, too.
CREATE INDEX approval_denial_by_time ON approval (received) WHERE decision = 'deny';
