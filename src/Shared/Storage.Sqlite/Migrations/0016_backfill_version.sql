ALTER TABLE backfill ADD COLUMN on_version TEXT;
