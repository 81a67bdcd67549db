CREATE TABLE human_question (
    run_key INTEGER NOT NULL,
    task_id TEXT NOT NULL,
    token INTEGER NOT NULL,
    state TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    due_at INTEGER,
    question TEXT NOT NULL,
    ended_at INTEGER,
    answer TEXT,
    PRIMARY KEY (run_key, task_id, token)
);

CREATE INDEX human_question_waiting ON human_question (asked_at) WHERE state = 'waiting';
