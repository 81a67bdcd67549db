-- Names that tasks had before.
CREATE TABLE task_rename (
    dag_id TEXT NOT NULL,
    former TEXT NOT NULL,
    task_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    who TEXT NOT NULL,
    note TEXT,
    PRIMARY KEY (dag_id, former)
);

-- The version whose tasks have other names, and which its runs have got.
ALTER TABLE dag_version ADD COLUMN renamed_to TEXT;
