-- What an attempt has seen of the rows that it moved, kept also when it failed.
CREATE TABLE evidence (
    run_key bigint NOT NULL,
    task_id text NOT NULL,
    token integer NOT NULL,
    seen text NOT NULL,
    PRIMARY KEY (run_key, task_id, token)
);
