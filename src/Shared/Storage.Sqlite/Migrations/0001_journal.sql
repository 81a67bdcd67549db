-- What the hot path reads and writes. Times are microseconds since 1970, UTC.
CREATE TABLE lease (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    address TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;

-- AUTOINCREMENT: a sequence number is never given twice, not even after all groups were deleted.
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    epoch INTEGER NOT NULL,
    ended BLOB,
    payload BLOB NOT NULL
);

CREATE TABLE snapshot (
    stream TEXT NOT NULL PRIMARY KEY,
    seq INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    payload BLOB NOT NULL
);
