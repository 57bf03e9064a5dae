-- When the package is whole at its source: none, stable DURATION, marker FILE.
ALTER TABLE transfer ADD COLUMN ready text NOT NULL DEFAULT 'none';
