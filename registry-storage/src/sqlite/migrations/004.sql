-- The bytes of an open session that its store has not taken, in pieces: each begins that far into the tail.
CREATE TABLE upload_tails (
    upload INTEGER NOT NULL,
    position INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (upload, position)
) STRICT;
