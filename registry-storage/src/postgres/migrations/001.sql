-- The time of this backend, in milliseconds since 1970.
CREATE FUNCTION registry_now() RETURNS bigint LANGUAGE sql VOLATILE
    AS 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint';

-- A version that no place had before.
CREATE SEQUENCE versions;

-- One row: what there is one of, and is hardly ever written.
CREATE TABLE registry (
    one boolean PRIMARY KEY CHECK (one),
    identity bytea,
    secret bytea,
    orphans_held boolean NOT NULL,
    scrub text
);

INSERT INTO registry VALUES (true, NULL, NULL, false, NULL);

CREATE TABLE namespaces (
    name text COLLATE "C" PRIMARY KEY,
    public boolean NOT NULL,
    collect_untagged boolean NOT NULL,
    version bigint NOT NULL,
    created bigint NOT NULL
);

CREATE TABLE repositories (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    namespace text COLLATE "C" NOT NULL,
    bare boolean NOT NULL,
    visibility boolean,
    public boolean NOT NULL,
    version bigint NOT NULL,
    created bigint NOT NULL
);

CREATE INDEX repositories_listed ON repositories (bare, name);
CREATE INDEX repositories_public ON repositories (bare, name) WHERE public;
CREATE INDEX repositories_inheriting ON repositories (namespace) WHERE visibility IS NULL;

CREATE TABLE contents (
    digest text COLLATE "C" PRIMARY KEY,
    size bigint NOT NULL,
    quarantined boolean NOT NULL DEFAULT false,
    pass bigint,
    object text COLLATE "C",
    inline bytea,
    CHECK ((object IS NULL) <> (inline IS NULL))
);

CREATE UNIQUE INDEX contents_by_object ON contents (object) WHERE object IS NOT NULL;
CREATE INDEX contents_marked ON contents (pass, digest) WHERE pass IS NOT NULL;

-- Every key of the store that was ever named or given up: 'live', 'doomed' or 'gone'.
CREATE TABLE objects (
    key text COLLATE "C" PRIMARY KEY,
    state text NOT NULL
);

CREATE INDEX objects_doomed ON objects (key) WHERE state = 'doomed';

CREATE TABLE unknown_objects (
    key text COLLATE "C" PRIMARY KEY,
    since bigint NOT NULL
);

CREATE TABLE quarantine (
    object text COLLATE "C" PRIMARY KEY,
    digest text COLLATE "C" NOT NULL,
    size bigint NOT NULL,
    since bigint NOT NULL
);

CREATE INDEX quarantine_by_age ON quarantine (since, object);

CREATE TABLE links (
    repository bigint NOT NULL,
    digest text COLLATE "C" NOT NULL,
    bare boolean NOT NULL,
    holder text COLLATE "C" NOT NULL,
    pass bigint,
    PRIMARY KEY (repository, digest)
);

CREATE INDEX links_by_holder ON links (digest, bare, holder);
CREATE INDEX links_marked ON links (pass, repository, digest) WHERE pass IS NOT NULL;

CREATE TABLE manifests (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    repository bigint NOT NULL,
    digest text COLLATE "C" NOT NULL,
    media_type text NOT NULL,
    subject text COLLATE "C",
    artifact_type text COLLATE "C",
    created bigint NOT NULL,
    pass bigint,
    descriptor text NOT NULL,
    bytes bytea NOT NULL,
    UNIQUE (repository, digest)
);

CREATE INDEX manifests_by_subject
    ON manifests (repository, subject, digest) WHERE subject IS NOT NULL;
CREATE INDEX manifests_by_type
    ON manifests (repository, subject, artifact_type, digest)
    WHERE subject IS NOT NULL AND artifact_type IS NOT NULL;
CREATE INDEX manifests_marked ON manifests (pass, repository, digest) WHERE pass IS NOT NULL;

CREATE TABLE manifest_references (
    repository bigint NOT NULL,
    target smallint NOT NULL,
    digest text COLLATE "C" NOT NULL,
    manifest bigint NOT NULL,
    required boolean NOT NULL,
    PRIMARY KEY (repository, target, digest, manifest)
);

CREATE INDEX manifest_references_by_manifest ON manifest_references (manifest);

-- A tag that is made again has another id.
CREATE TABLE tags (
    id bigint GENERATED ALWAYS AS IDENTITY,
    repository bigint NOT NULL,
    tag text COLLATE "C" NOT NULL,
    manifest bigint NOT NULL,
    PRIMARY KEY (repository, tag)
);

CREATE INDEX tags_by_manifest ON tags (manifest, tag);

-- Pulls are appended here, by the tag as it was then, or by none.
CREATE TABLE appended_pulls (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    repository bigint NOT NULL,
    tag text COLLATE "C",
    tag_id bigint,
    pulls bigint NOT NULL
);

CREATE INDEX appended_pulls_by_tag ON appended_pulls (repository, tag_id);

-- And folded into these: one of each tag, and one of all of a repository's, whose tag is the empty text.
CREATE TABLE pulls (
    repository bigint NOT NULL,
    tag text COLLATE "C" NOT NULL,
    tag_id bigint NOT NULL,
    pulls bigint NOT NULL,
    PRIMARY KEY (repository, tag, tag_id)
);

CREATE TABLE uploads (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    repository text COLLATE "C" NOT NULL,
    session text COLLATE "C" NOT NULL,
    epoch bigint NOT NULL,
    touched bigint NOT NULL,
    state smallint NOT NULL,
    digest text COLLATE "C",
    kept bigint,
    hash_format text,
    hash_state bytea,
    object text COLLATE "C",
    object_offset bigint,
    object_state bytea,
    inline bytea,
    UNIQUE (repository, session)
);

CREATE INDEX uploads_by_age ON uploads (touched, id);
CREATE INDEX uploads_by_object ON uploads (object) WHERE object IS NOT NULL;

CREATE TABLE expired (object text COLLATE "C" PRIMARY KEY);

-- The collector: the pass that is open, and how far its walk has come.
CREATE TABLE collector (
    one boolean PRIMARY KEY CHECK (one),
    pass bigint NOT NULL,
    walk_kind smallint NOT NULL,
    walk_repository bigint NOT NULL,
    walk_digest text COLLATE "C" NOT NULL
);

INSERT INTO collector VALUES (true, 1, 0, 0, '');

-- Passes that are closed: the fence of each when it is sealed, and when it was seen to have settled.
CREATE TABLE passes (
    pass bigint PRIMARY KEY,
    fence xid8,
    settled bigint
);

CREATE TABLE changes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at bigint NOT NULL,
    actor text,
    event text NOT NULL
);
