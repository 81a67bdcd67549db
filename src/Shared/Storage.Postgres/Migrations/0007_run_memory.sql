ALTER TABLE dag_run ADD COLUMN memory text;
