-- What grows with history. Times are microseconds since 1970, UTC.
CREATE TABLE dag (
    dag_id TEXT NOT NULL PRIMARY KEY,
    file TEXT NOT NULL,
    version TEXT NOT NULL,
    bundle TEXT,
    paused INTEGER NOT NULL,
    active INTEGER NOT NULL,
    schedule TEXT NOT NULL,
    next_run_after INTEGER,
    description TEXT,
    tags TEXT NOT NULL,
    owner TEXT
);

CREATE TABLE dag_version (
    version TEXT NOT NULL PRIMARY KEY,
    dag_id TEXT NOT NULL,
    spec TEXT NOT NULL,
    created_at INTEGER NOT NULL
);

CREATE TABLE dag_run (
    run_key INTEGER NOT NULL PRIMARY KEY,
    dag_id TEXT NOT NULL,
    run_id TEXT NOT NULL,
    type INTEGER NOT NULL,
    state INTEGER NOT NULL,
    interval_start INTEGER NOT NULL,
    interval_end INTEGER NOT NULL,
    version TEXT NOT NULL,
    bundle TEXT,
    conf TEXT NOT NULL,
    backfill TEXT,
    previous_start INTEGER,
    previous_end INTEGER,
    previous_started_at INTEGER,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    reason TEXT
);

CREATE INDEX dag_run_by_dag ON dag_run (dag_id, interval_start);
CREATE INDEX dag_run_by_name ON dag_run (dag_id, run_id);
CREATE INDEX dag_run_by_date ON dag_run (interval_start);
CREATE INDEX dag_run_unfinished ON dag_run (state, interval_start) WHERE state IN (0, 1);
CREATE INDEX dag_run_by_backfill ON dag_run (backfill) WHERE backfill IS NOT NULL;

-- The hot table: one tree, no further index.
CREATE TABLE task_instance (
    run_key INTEGER NOT NULL,
    task_id TEXT NOT NULL,
    token INTEGER NOT NULL,
    try_number INTEGER NOT NULL,
    state INTEGER NOT NULL,
    worker TEXT,
    queued_at INTEGER,
    started_at INTEGER,
    ended_at INTEGER,
    due_at INTEGER,
    error TEXT,
    PRIMARY KEY (run_key, task_id, token)
) WITHOUT ROWID;

CREATE TABLE xcom (
    run_key INTEGER NOT NULL,
    task_id TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run_key, task_id, key)
);

CREATE TABLE backfill (
    id TEXT NOT NULL PRIMARY KEY,
    dag_id TEXT NOT NULL,
    range_start INTEGER NOT NULL,
    range_end INTEGER NOT NULL,
    max_active_runs INTEGER NOT NULL,
    state TEXT NOT NULL,
    total INTEGER NOT NULL,
    succeeded INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    ended_at INTEGER
);

CREATE TABLE import_error (
    file TEXT NOT NULL PRIMARY KEY,
    message TEXT NOT NULL,
    at INTEGER NOT NULL
);

CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    details TEXT NOT NULL
);
