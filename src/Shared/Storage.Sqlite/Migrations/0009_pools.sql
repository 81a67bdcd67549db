CREATE TABLE pool (
    name TEXT NOT NULL PRIMARY KEY,
    slots INTEGER NOT NULL,
    include_deferred INTEGER NOT NULL,
    description TEXT,
    changed_at INTEGER NOT NULL
);
