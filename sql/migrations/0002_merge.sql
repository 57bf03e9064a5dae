-- What a package may do to a directory, or to files, that stand at its destination already.
ALTER TABLE transfer
  ADD COLUMN merge text NOT NULL DEFAULT 'never'
    CONSTRAINT a_merge_is_never_whole_or_visible CHECK (merge IN ('never', 'whole', 'visible')),
  ADD COLUMN replaces boolean NOT NULL DEFAULT false;
