-- What the journal beside the content does not have yet, and what it was complete with last.
CREATE TABLE journal (
    kind INTEGER NOT NULL,
    repository INTEGER NOT NULL,
    key TEXT NOT NULL,
    times INTEGER NOT NULL,
    PRIMARY KEY (kind, repository, key)
) STRICT, WITHOUT ROWID;

ALTER TABLE registry ADD COLUMN journal_line INTEGER;
ALTER TABLE registry ADD COLUMN journal_sequence INTEGER NOT NULL DEFAULT 0;
