ALTER TABLE dag ADD COLUMN problem text;
