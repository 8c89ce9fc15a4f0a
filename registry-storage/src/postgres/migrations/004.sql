-- It makes a table and touches none that is there, so it waits for no request and no request for it.

-- Which rows of `objects` are gone, in the order in which they may be forgotten. None from before this version is
-- here, nor any from a database that older servers may use.
CREATE TABLE gone_objects (
    key text COLLATE "C" PRIMARY KEY,
    since bigint NOT NULL
);

CREATE INDEX gone_objects_by_age ON gone_objects (since, key);
