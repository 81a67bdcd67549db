-- What the hot path reads and writes. Names sort by code point (COLLATE "C"), as in SQLite.
CREATE TABLE lease (
    name text COLLATE "C" NOT NULL PRIMARY KEY,
    holder text NOT NULL,
    address text NOT NULL,
    epoch bigint NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE TABLE journal (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    epoch bigint NOT NULL,
    ended bytea,
    payload bytea NOT NULL
);

CREATE TABLE snapshot (
    stream text COLLATE "C" NOT NULL PRIMARY KEY,
    seq bigint NOT NULL,
    ordinal integer NOT NULL,
    payload bytea NOT NULL
);

-- Locks the lease against a change of holder until the transaction ends; fails when the epoch is not the current one.
CREATE FUNCTION journal_fence(writer bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    current_epoch bigint;
BEGIN
    SELECT lease.epoch INTO current_epoch FROM lease WHERE lease.name = 'leader' FOR SHARE;
    IF current_epoch IS DISTINCT FROM writer THEN
        RAISE EXCEPTION USING ERRCODE = 'SLF01', MESSAGE = coalesce(current_epoch, 0)::text;
    END IF;
END
$$;

-- One call instead of two statements: each statement of a batch costs more than what these two do.
CREATE FUNCTION journal_append(writer bigint, ended_streams bytea, frame bytea) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    written bigint;
BEGIN
    PERFORM journal_fence(writer);
    INSERT INTO journal (epoch, ended, payload) VALUES (writer, ended_streams, frame) RETURNING journal.seq INTO written;
    RETURN written;
END
$$;
