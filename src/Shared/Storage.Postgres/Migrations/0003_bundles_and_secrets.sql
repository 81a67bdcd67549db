CREATE TABLE bundle (
    hash text COLLATE "C" NOT NULL PRIMARY KEY,
    content bytea NOT NULL
);

CREATE TABLE secret (
    kind smallint NOT NULL,
    name text COLLATE "C" NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (kind, name)
);
