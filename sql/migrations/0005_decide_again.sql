-- When the last decision must be made again at the latest: time alone may change it then.
ALTER TABLE transfer ADD COLUMN decide_again timestamptz NOT NULL DEFAULT '-infinity';
CREATE INDEX transfer_decide_again ON transfer (state, decide_again)
  WHERE state IN ('held', 'awaiting_approval', 'running');
