ALTER TABLE dag_run ADD COLUMN previous_ended_at timestamptz;
