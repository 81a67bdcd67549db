-- What attempts have started in services: found also when the machine that waited for it, and its log, are gone.
CREATE TABLE remote_job (
    run_key bigint NOT NULL,
    task_id text NOT NULL COLLATE "C",
    token integer NOT NULL,
    try_number integer NOT NULL,
    service text NOT NULL,
    job_id text NOT NULL,
    name text,
    connection_id text,
    at timestamptz NOT NULL,
    PRIMARY KEY (run_key, task_id, token)
);
