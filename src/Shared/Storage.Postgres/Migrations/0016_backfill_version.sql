ALTER TABLE backfill ADD COLUMN on_version text COLLATE "C";
