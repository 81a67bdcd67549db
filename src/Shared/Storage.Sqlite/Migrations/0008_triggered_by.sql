ALTER TABLE dag_run ADD COLUMN triggered_by TEXT;
