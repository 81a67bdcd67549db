-- What attempts have started in services: found also when the machine that waited for it, and its log, are gone.
CREATE TABLE remote_job (
    run_key INTEGER NOT NULL,
    task_id TEXT NOT NULL,
    token INTEGER NOT NULL,
    try_number INTEGER NOT NULL,
    service TEXT NOT NULL,
    job_id TEXT NOT NULL,
    name TEXT,
    connection_id TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (run_key, task_id, token)
) WITHOUT ROWID;
