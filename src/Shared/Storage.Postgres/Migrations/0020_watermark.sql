-- Windows that attempts have opened, and the marks that those that succeeded left: in the order of runs, so that the one before is found by the key.
CREATE TABLE watermark (
    dag_id text NOT NULL COLLATE "C",
    task_id text NOT NULL COLLATE "C",
    interval_end timestamptz NOT NULL,
    run_key bigint NOT NULL,
    token integer NOT NULL,
    from_value text,
    to_value text,
    is_mark boolean NOT NULL,
    at timestamptz NOT NULL,
    set_by text,
    PRIMARY KEY (dag_id, task_id, interval_end, run_key, token)
);
CREATE INDEX watermark_by_run ON watermark (run_key);
