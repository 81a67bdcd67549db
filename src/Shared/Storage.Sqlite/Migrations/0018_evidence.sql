-- What an attempt has seen of the rows that it moved, kept also when it failed.
CREATE TABLE evidence (
    run_key INTEGER NOT NULL,
    task_id TEXT NOT NULL,
    token INTEGER NOT NULL,
    seen TEXT NOT NULL,
    PRIMARY KEY (run_key, task_id, token)
) WITHOUT ROWID;
