CREATE TABLE pool (
    name text COLLATE "C" NOT NULL PRIMARY KEY,
    slots integer NOT NULL,
    include_deferred boolean NOT NULL,
    description text,
    changed_at timestamptz NOT NULL
);
