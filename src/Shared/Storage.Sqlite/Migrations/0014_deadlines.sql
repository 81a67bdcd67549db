ALTER TABLE dag_run ADD COLUMN deadlines TEXT;

-- To look for what went wrong among millions that went well.
CREATE INDEX callback_failed ON callback (callback_key) WHERE state = 'failed';
