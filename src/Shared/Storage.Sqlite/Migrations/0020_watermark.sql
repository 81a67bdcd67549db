-- Windows that attempts have opened, and the marks that those that succeeded left: in the order of runs, so that the one before is found by the key.
CREATE TABLE watermark (
    dag_id TEXT NOT NULL,
    task_id TEXT NOT NULL,
    interval_end INTEGER NOT NULL,
    run_key INTEGER NOT NULL,
    token INTEGER NOT NULL,
    from_value TEXT,
    to_value TEXT,
    is_mark INTEGER NOT NULL,
    at INTEGER NOT NULL,
    set_by TEXT,
    PRIMARY KEY (dag_id, task_id, interval_end, run_key, token)
) WITHOUT ROWID;
CREATE INDEX watermark_by_run ON watermark (run_key);
