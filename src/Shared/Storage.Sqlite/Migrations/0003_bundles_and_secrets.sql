CREATE TABLE bundle (
    hash TEXT NOT NULL PRIMARY KEY,
    content BLOB NOT NULL
);

CREATE TABLE secret (
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (kind, name)
);
