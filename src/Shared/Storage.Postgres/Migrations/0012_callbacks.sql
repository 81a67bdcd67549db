CREATE TABLE callback (
    callback_key bigint NOT NULL PRIMARY KEY,
    run_key bigint NOT NULL,
    task_id text COLLATE "C",
    try_number integer NOT NULL,
    event text COLLATE "C" NOT NULL,
    notifier text COLLATE "C" NOT NULL,
    deadline text,
    why text,
    state text COLLATE "C" NOT NULL,
    worker text,
    handed_out integer NOT NULL,
    raised_at timestamptz NOT NULL,
    ended_at timestamptz,
    error text
);

CREATE INDEX callback_run ON callback (run_key);
