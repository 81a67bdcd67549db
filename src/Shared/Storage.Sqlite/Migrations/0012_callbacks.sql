CREATE TABLE callback (
    callback_key INTEGER NOT NULL PRIMARY KEY,
    run_key INTEGER NOT NULL,
    task_id TEXT,
    try_number INTEGER NOT NULL,
    event TEXT NOT NULL,
    notifier TEXT NOT NULL,
    deadline TEXT,
    why TEXT,
    state TEXT NOT NULL,
    worker TEXT,
    handed_out INTEGER NOT NULL,
    raised_at INTEGER NOT NULL,
    ended_at INTEGER,
    error TEXT
);

CREATE INDEX callback_run ON callback (run_key);
