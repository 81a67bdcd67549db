-- Names that Dags had before. A name that a Dag has again is not among them.
CREATE TABLE dag_rename (
    former TEXT NOT NULL PRIMARY KEY,
    dag_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    who TEXT NOT NULL,
    note TEXT
);
