-- The relays that the planner chose for the present attempt. Empty: an attempt from before this was recorded.
ALTER TABLE transfer
  ADD COLUMN relay_from text NOT NULL DEFAULT '',
  ADD COLUMN relay_to text NOT NULL DEFAULT '';
