-- It makes a table and touches none that is there, so it waits for no request and no request for it.

-- The bytes of an open session that its store has not taken, in pieces: each begins that far into the tail.
CREATE TABLE upload_tails (
    upload bigint NOT NULL,
    position bigint NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (upload, position)
);
