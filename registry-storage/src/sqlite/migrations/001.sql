-- One row: what there is one of.
CREATE TABLE registry (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    identity BLOB CHECK (length(identity) = 16),
    secret BLOB CHECK (length(secret) = 32),
    now INTEGER NOT NULL,
    version INTEGER NOT NULL,
    change INTEGER NOT NULL,
    pass INTEGER NOT NULL,
    walk_kind INTEGER NOT NULL,
    walk_repository INTEGER NOT NULL,
    walk_digest TEXT NOT NULL
) STRICT;

INSERT INTO registry VALUES (1, NULL, NULL, 0, 0, 0, 1, 0, 0, '');

CREATE TABLE namespaces (
    name TEXT PRIMARY KEY,
    public INTEGER NOT NULL,
    collect_untagged INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE repositories (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    namespace TEXT NOT NULL REFERENCES namespaces (name),
    bare INTEGER NOT NULL,
    visibility INTEGER,
    public INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created INTEGER NOT NULL,
    pulls INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX repositories_listed ON repositories (bare, name);
CREATE INDEX repositories_public ON repositories (bare, name) WHERE public = 1;
CREATE INDEX repositories_inheriting ON repositories (namespace) WHERE visibility IS NULL;

CREATE TABLE contents (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    quarantined INTEGER NOT NULL DEFAULT 0,
    pass INTEGER,
    object TEXT,
    inline BLOB,
    CHECK ((object IS NULL) <> (inline IS NULL))
) STRICT;

CREATE UNIQUE INDEX contents_by_object ON contents (object) WHERE object IS NOT NULL;
CREATE INDEX contents_marked ON contents (pass, digest) WHERE pass IS NOT NULL;

CREATE TABLE links (
    repository INTEGER NOT NULL REFERENCES repositories (id),
    digest TEXT NOT NULL,
    bare INTEGER NOT NULL,
    holder TEXT NOT NULL,
    pass INTEGER,
    PRIMARY KEY (repository, digest)
) STRICT, WITHOUT ROWID;

CREATE INDEX links_by_holder ON links (digest, bare, holder);
CREATE INDEX links_marked ON links (pass, repository, digest) WHERE pass IS NOT NULL;

CREATE TABLE manifests (
    id INTEGER PRIMARY KEY,
    repository INTEGER NOT NULL REFERENCES repositories (id),
    digest TEXT NOT NULL,
    media_type TEXT NOT NULL,
    subject TEXT,
    artifact_type TEXT,
    created INTEGER NOT NULL,
    pass INTEGER,
    descriptor TEXT NOT NULL,
    bytes BLOB NOT NULL,
    UNIQUE (repository, digest)
) STRICT;

CREATE INDEX manifests_by_subject
    ON manifests (repository, subject, digest) WHERE subject IS NOT NULL;
CREATE INDEX manifests_by_type
    ON manifests (repository, subject, artifact_type, digest)
    WHERE subject IS NOT NULL AND artifact_type IS NOT NULL;
CREATE INDEX manifests_marked ON manifests (pass, repository, digest) WHERE pass IS NOT NULL;

CREATE TABLE manifest_references (
    repository INTEGER NOT NULL REFERENCES repositories (id),
    target INTEGER NOT NULL,
    digest TEXT NOT NULL,
    required INTEGER NOT NULL,
    manifest INTEGER NOT NULL REFERENCES manifests (id) ON DELETE CASCADE,
    PRIMARY KEY (repository, target, digest, required, manifest)
) STRICT, WITHOUT ROWID;

CREATE INDEX manifest_references_by_manifest ON manifest_references (manifest);

CREATE TABLE tags (
    repository INTEGER NOT NULL REFERENCES repositories (id),
    tag TEXT NOT NULL,
    manifest INTEGER NOT NULL REFERENCES manifests (id),
    pulls INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (repository, tag)
) STRICT, WITHOUT ROWID;

CREATE INDEX tags_by_manifest ON tags (manifest, tag);

CREATE TABLE uploads (
    id INTEGER PRIMARY KEY,
    repository TEXT NOT NULL,
    session TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    touched INTEGER NOT NULL,
    state INTEGER NOT NULL,
    digest TEXT,
    kept INTEGER,
    hash_format TEXT,
    hash_state BLOB,
    object TEXT,
    object_offset INTEGER,
    object_state BLOB,
    inline BLOB,
    UNIQUE (repository, session)
) STRICT;

CREATE INDEX uploads_by_age ON uploads (touched, id);
CREATE INDEX uploads_by_object ON uploads (object) WHERE object IS NOT NULL;

CREATE TABLE expired (object TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

CREATE TABLE gone (
    object TEXT PRIMARY KEY,
    doomed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX gone_doomed ON gone (object) WHERE doomed = 1;

CREATE TABLE unknown (
    object TEXT PRIMARY KEY,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE passes (
    pass INTEGER PRIMARY KEY,
    sealed INTEGER NOT NULL
) STRICT;

CREATE TABLE changes (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT,
    event TEXT NOT NULL
) STRICT;
