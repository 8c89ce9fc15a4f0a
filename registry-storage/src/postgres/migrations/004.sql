-- It makes a table and touches none that is there, so it waits for no request and no request for it.

-- Which rows of `objects` are gone, in the order in which they may be forgotten. None from before this version is
-- here, nor any from a database that older servers may use.
CREATE TABLE gone_objects (
    since bigint NOT NULL,
    key text COLLATE "C" NOT NULL,
    PRIMARY KEY (since, key)
);
