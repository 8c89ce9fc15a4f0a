-- It makes tables and touches none that is there, so it waits for no request and no request for it.

-- The oldest version of the code that may use a database on which a migration was run.
CREATE TABLE compatible (
    version bigint PRIMARY KEY,
    oldest bigint NOT NULL
);

-- Work that one replica at a time does. The time is registry_now()'s; nobody has it where the holder is empty.
CREATE TABLE leases (
    work text COLLATE "C" PRIMARY KEY,
    holder text NOT NULL,
    until bigint NOT NULL
);
