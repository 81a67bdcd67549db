-- Names that Dags had before. A name that a Dag has again is not among them.
CREATE TABLE dag_rename (
    former text COLLATE "C" NOT NULL PRIMARY KEY,
    dag_id text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL,
    who text NOT NULL,
    note text
);
