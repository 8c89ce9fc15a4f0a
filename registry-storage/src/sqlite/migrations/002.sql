-- How this database stands to the content that it names.
ALTER TABLE registry ADD COLUMN generation INTEGER NOT NULL DEFAULT 1;
ALTER TABLE registry ADD COLUMN opened INTEGER NOT NULL DEFAULT 0;
ALTER TABLE registry ADD COLUMN orphans_held INTEGER NOT NULL DEFAULT 0;

-- How far reading everything again has come: the engine's own words.
ALTER TABLE registry ADD COLUMN scrub TEXT;

-- Objects whose bytes are wrong, kept aside.
CREATE TABLE quarantine (
    object TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    size INTEGER NOT NULL,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX quarantine_by_age ON quarantine (since, object);

INSERT INTO quarantine (object, digest, size, since)
    SELECT c.object, c.digest, c.size, r.now FROM contents c, registry r
    WHERE c.quarantined = 1 AND c.object IS NOT NULL;
