-- What the templates of an attempt came to: beside task_instance, whose rows are written several times.
CREATE TABLE rendered_fields (
    run_key INTEGER NOT NULL,
    task_id TEXT NOT NULL,
    token INTEGER NOT NULL,
    fields TEXT NOT NULL,
    PRIMARY KEY (run_key, task_id, token)
) WITHOUT ROWID;
