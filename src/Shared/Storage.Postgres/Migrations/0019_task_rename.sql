-- Names that tasks had before.
CREATE TABLE task_rename (
    dag_id text COLLATE "C" NOT NULL,
    former text COLLATE "C" NOT NULL,
    task_id text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL,
    who text NOT NULL,
    note text,
    PRIMARY KEY (dag_id, former)
);

-- The version whose tasks have other names, and which its runs have got.
ALTER TABLE dag_version ADD COLUMN renamed_to text COLLATE "C";
