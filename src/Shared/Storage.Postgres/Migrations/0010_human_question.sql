CREATE TABLE human_question (
    run_key bigint NOT NULL,
    task_id text COLLATE "C" NOT NULL,
    token integer NOT NULL,
    state text NOT NULL,
    asked_at timestamptz NOT NULL,
    due_at timestamptz,
    question text NOT NULL,
    ended_at timestamptz,
    answer text,
    PRIMARY KEY (run_key, task_id, token)
);

CREATE INDEX human_question_waiting ON human_question (asked_at) WHERE state = 'waiting';
