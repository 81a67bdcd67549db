-- What the templates of an attempt came to: beside task_instance, whose rows are written several times.
CREATE TABLE rendered_fields (
    run_key bigint NOT NULL,
    task_id text NOT NULL,
    token integer NOT NULL,
    fields text NOT NULL,
    PRIMARY KEY (run_key, task_id, token)
);
