-- A database of schema 3 that no older server may use: that of schema 2 beside this, with what the third migration adds to
-- it, made anew (pg_dump --inserts).

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

CREATE FUNCTION public.registry_now() RETURNS bigint
    LANGUAGE sql
    AS $$SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint$$;

SET default_tablespace = '';

SET default_table_access_method = heap;

CREATE TABLE public.appended_pulls (
    id bigint NOT NULL,
    repository bigint NOT NULL,
    tag text COLLATE pg_catalog."C",
    tag_id bigint,
    pulls bigint NOT NULL
);

ALTER TABLE public.appended_pulls ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.appended_pulls_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.changes (
    id bigint NOT NULL,
    at bigint NOT NULL,
    actor text,
    event text NOT NULL
);

ALTER TABLE public.changes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.changes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.collector (
    one boolean NOT NULL,
    pass bigint NOT NULL,
    walk_kind smallint NOT NULL,
    walk_repository bigint NOT NULL,
    walk_digest text NOT NULL COLLATE pg_catalog."C",
    CONSTRAINT collector_one_check CHECK (one)
);

CREATE TABLE public.compatible (
    version bigint NOT NULL,
    oldest bigint NOT NULL
);

CREATE TABLE public.contents (
    digest text NOT NULL COLLATE pg_catalog."C",
    size bigint NOT NULL,
    quarantined boolean DEFAULT false NOT NULL,
    pass bigint,
    object text COLLATE pg_catalog."C",
    inline bytea,
    CONSTRAINT contents_check CHECK (((object IS NULL) <> (inline IS NULL)))
);

CREATE TABLE public.expired (
    object text NOT NULL COLLATE pg_catalog."C"
);

CREATE TABLE public.leases (
    work text NOT NULL COLLATE pg_catalog."C",
    holder text NOT NULL,
    until bigint NOT NULL
);

CREATE TABLE public.links (
    repository bigint NOT NULL,
    digest text NOT NULL COLLATE pg_catalog."C",
    bare boolean NOT NULL,
    holder text NOT NULL COLLATE pg_catalog."C",
    pass bigint
);

CREATE TABLE public.manifest_references (
    repository bigint NOT NULL,
    target smallint NOT NULL,
    digest text NOT NULL COLLATE pg_catalog."C",
    manifest bigint NOT NULL,
    required boolean NOT NULL
);

CREATE TABLE public.manifests (
    id bigint NOT NULL,
    repository bigint NOT NULL,
    digest text NOT NULL COLLATE pg_catalog."C",
    media_type text NOT NULL,
    subject text COLLATE pg_catalog."C",
    artifact_type text COLLATE pg_catalog."C",
    created bigint NOT NULL,
    pass bigint,
    descriptor text NOT NULL,
    bytes bytea NOT NULL
);

ALTER TABLE public.manifests ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.manifests_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.migrations (
    version bigint NOT NULL
);

CREATE TABLE public.namespaces (
    name text NOT NULL COLLATE pg_catalog."C",
    public boolean NOT NULL,
    collect_untagged boolean NOT NULL,
    version bigint NOT NULL,
    created bigint NOT NULL
);

CREATE TABLE public.objects (
    key text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL
);

CREATE TABLE public.passes (
    pass bigint NOT NULL,
    fence xid8,
    settled bigint
);

CREATE TABLE public.pulls (
    repository bigint NOT NULL,
    tag text NOT NULL COLLATE pg_catalog."C",
    tag_id bigint NOT NULL,
    pulls bigint NOT NULL
);

CREATE TABLE public.quarantine (
    object text NOT NULL COLLATE pg_catalog."C",
    digest text NOT NULL COLLATE pg_catalog."C",
    size bigint NOT NULL,
    since bigint NOT NULL
);

CREATE TABLE public.registry (
    one boolean NOT NULL,
    identity bytea,
    secret bytea,
    orphans_held boolean NOT NULL,
    scrub text,
    CONSTRAINT registry_one_check CHECK (one)
);

CREATE TABLE public.repositories (
    id bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    namespace text NOT NULL COLLATE pg_catalog."C",
    bare boolean NOT NULL,
    visibility boolean,
    public boolean NOT NULL,
    version bigint NOT NULL,
    created bigint NOT NULL
);

ALTER TABLE public.repositories ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.repositories_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.tags (
    id bigint NOT NULL,
    repository bigint NOT NULL,
    tag text NOT NULL COLLATE pg_catalog."C",
    manifest bigint NOT NULL
);

ALTER TABLE public.tags ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.tags_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.unknown_objects (
    key text NOT NULL COLLATE pg_catalog."C",
    since bigint NOT NULL
);

CREATE TABLE public.upload_tails (
    upload bigint NOT NULL,
    "position" bigint NOT NULL,
    bytes bytea NOT NULL
);

CREATE TABLE public.uploads (
    id bigint NOT NULL,
    repository text NOT NULL COLLATE pg_catalog."C",
    session text NOT NULL COLLATE pg_catalog."C",
    epoch bigint NOT NULL,
    touched bigint NOT NULL,
    state smallint NOT NULL,
    digest text COLLATE pg_catalog."C",
    kept bigint,
    hash_format text,
    hash_state bytea,
    object text COLLATE pg_catalog."C",
    object_offset bigint,
    object_state bytea,
    inline bytea
);

ALTER TABLE public.uploads ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.uploads_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE SEQUENCE public.versions
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

INSERT INTO public.appended_pulls OVERRIDING SYSTEM VALUE VALUES (1, 1, 'v1', 2, 1);

INSERT INTO public.collector VALUES (true, 2, 0, 0, '');

INSERT INTO public.compatible VALUES (2, 2);
INSERT INTO public.compatible VALUES (3, 3);

INSERT INTO public.contents VALUES ('sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a', 2, false, NULL, NULL, '\x7b7d');
INSERT INTO public.contents VALUES ('sha256:a3fe495fe8a4b4e405f40e92837ef334069dba5352904bb99329edb0279f0706', 13, false, NULL, NULL, '\x6120736d616c6c206c61796572');
INSERT INTO public.contents VALUES ('sha256:7b00557ea4aefa803d07b206b338bb10c874b44a7e3160e980f4472e5971e4de', 56000, false, NULL, 'blobs/ca/ca23c6ff3b3baf3ef0413ab1d5b133ef', NULL);

INSERT INTO public.leases VALUES ('collection', '', 0);

INSERT INTO public.links VALUES (1, 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a', false, 'team/app', NULL);
INSERT INTO public.links VALUES (1, 'sha256:a3fe495fe8a4b4e405f40e92837ef334069dba5352904bb99329edb0279f0706', false, 'team/app', NULL);
INSERT INTO public.links VALUES (1, 'sha256:7b00557ea4aefa803d07b206b338bb10c874b44a7e3160e980f4472e5971e4de', false, 'team/app', NULL);
INSERT INTO public.links VALUES (2, 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a', false, 'library/alone', NULL);
INSERT INTO public.links VALUES (2, 'sha256:a3fe495fe8a4b4e405f40e92837ef334069dba5352904bb99329edb0279f0706', false, 'library/alone', NULL);
INSERT INTO public.links VALUES (2, 'sha256:7b00557ea4aefa803d07b206b338bb10c874b44a7e3160e980f4472e5971e4de', false, 'library/alone', NULL);

INSERT INTO public.manifest_references VALUES (1, 0, 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a', 1, true);
INSERT INTO public.manifest_references VALUES (1, 0, 'sha256:7b00557ea4aefa803d07b206b338bb10c874b44a7e3160e980f4472e5971e4de', 1, true);
INSERT INTO public.manifest_references VALUES (1, 0, 'sha256:a3fe495fe8a4b4e405f40e92837ef334069dba5352904bb99329edb0279f0706', 1, true);
INSERT INTO public.manifest_references VALUES (1, 0, 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a', 3, true);

INSERT INTO public.manifests OVERRIDING SYSTEM VALUE VALUES (1, 1, 'sha256:78c891df9b017664c1014ecbcbf98e172d1041e2f911981d0da386fc8cf9345e', 'application/vnd.oci.image.manifest.v1+json', NULL, 'application/vnd.oci.empty.v1+json', 1795297341113, NULL, '{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:78c891df9b017664c1014ecbcbf98e172d1041e2f911981d0da386fc8cf9345e","size":538,"artifactType":"application/vnd.oci.empty.v1+json"}', '\x7b22736368656d6156657273696f6e223a322c226d6564696154797065223a226170706c69636174696f6e2f766e642e6f63692e696d6167652e6d616e69666573742e76312b6a736f6e222c22636f6e666967223a7b226d6564696154797065223a226170706c69636174696f6e2f766e642e6f63692e656d7074792e76312b6a736f6e222c22646967657374223a227368613235363a34343133366661333535623336373861313134366164313666376538363439653934666234666332316665373765383331306330363066363163616166663861222c2273697a65223a327d2c226c6179657273223a5b7b226d6564696154797065223a226170706c69636174696f6e2f766e642e6f63692e696d6167652e6c617965722e76312e746172222c22646967657374223a227368613235363a61336665343935666538613462346534303566343065393238333765663333343036396462613533353239303462623939333239656462303237396630373036222c2273697a65223a31337d2c7b226d6564696154797065223a226170706c69636174696f6e2f766e642e6f63692e696d6167652e6c617965722e76312e746172222c22646967657374223a227368613235363a37623030353537656134616566613830336430376232303662333338626231306338373462343461376533313630653938306634343732653539373165346465222c2273697a65223a35363030307d5d7d0a');
INSERT INTO public.manifests OVERRIDING SYSTEM VALUE VALUES (3, 1, 'sha256:ce589d021662fdf11ce676ef2429aadc6d968c9c80d54fbe7ee8bb35f86747e4', 'application/vnd.oci.image.manifest.v1+json', 'sha256:78c891df9b017664c1014ecbcbf98e172d1041e2f911981d0da386fc8cf9345e', 'a/b', 1795297341379, NULL, '{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:ce589d021662fdf11ce676ef2429aadc6d968c9c80d54fbe7ee8bb35f86747e4","size":424,"artifactType":"a/b"}', '\x7b22736368656d6156657273696f6e223a322c226d6564696154797065223a226170706c69636174696f6e2f766e642e6f63692e696d6167652e6d616e69666573742e76312b6a736f6e222c22617274696661637454797065223a22612f62222c22636f6e666967223a7b226d6564696154797065223a226170706c69636174696f6e2f766e642e6f63692e656d7074792e76312b6a736f6e222c22646967657374223a227368613235363a34343133366661333535623336373861313134366164313666376538363439653934666234666332316665373765383331306330363066363163616166663861222c2273697a65223a327d2c226c6179657273223a5b5d2c227375626a656374223a7b226d6564696154797065223a226170706c69636174696f6e2f766e642e6f63692e696d6167652e6d616e69666573742e76312b6a736f6e222c22646967657374223a227368613235363a37386338393164663962303137363634633130313465636263626639386531373264313034316532663931313938316430646133383666633863663933343565222c2273697a65223a3533387d7d0a');

INSERT INTO public.migrations VALUES (0);
INSERT INTO public.migrations VALUES (1);
INSERT INTO public.migrations VALUES (2);
INSERT INTO public.migrations VALUES (3);

INSERT INTO public.namespaces VALUES ('team', false, false, 1, 1795297339990);
INSERT INTO public.namespaces VALUES ('library', false, false, 3, 1795297340341);

INSERT INTO public.objects VALUES ('blobs/ca/ca23c6ff3b3baf3ef0413ab1d5b133ef', 'live');

INSERT INTO public.passes VALUES (1, '733', 1795297337769);

INSERT INTO public.registry VALUES (true, '\x5068c813f74054b99cdb2592176545d1', '\x737ec824148713d2dca1de1ea07e060f340af0b737d7cc687824cdc61ede4295', false, 'ended 1795297337112');

INSERT INTO public.repositories OVERRIDING SYSTEM VALUE VALUES (1, 'team/app', 'team', false, NULL, false, 2, 1795297339990);
INSERT INTO public.repositories OVERRIDING SYSTEM VALUE VALUES (2, 'library/alone', 'library', false, NULL, false, 4, 1795297340341);

INSERT INTO public.tags OVERRIDING SYSTEM VALUE VALUES (1, 1, 'latest', 1);
INSERT INTO public.tags OVERRIDING SYSTEM VALUE VALUES (2, 1, 'v1', 1);

INSERT INTO public.upload_tails VALUES (1, 0, '\x7878');

INSERT INTO public.uploads OVERRIDING SYSTEM VALUE VALUES (1, 'team/app', '479ee9ca-682d-455e-a64c-9866883a4531-1a2000f6fdc-sha256-4747ba556e2f4317a16226e1bd981ac0', 1, 1795297341642, 0, NULL, 6000000, 'sha2-0.11/sha256', '\xa646191590d8caa79fef845c336174941fb89fc2f628540d83d3df239b852f70366e01000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000', 'uploads/80bc39aa9b9f1502fcebdbb936d99d20/c41434ab-03c8-4f3d-b9e4-1b16767fb327', 6000000, '\x3138306263333961613962396631353032666365626462623933366439396432300000000000500000000000010000002222346630386565663430393637323662666631313235653162316237333436343422787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878', NULL);

SELECT pg_catalog.setval('public.appended_pulls_id_seq', 1, true);

SELECT pg_catalog.setval('public.changes_id_seq', 1, false);

SELECT pg_catalog.setval('public.manifests_id_seq', 3, true);

SELECT pg_catalog.setval('public.repositories_id_seq', 2, true);

SELECT pg_catalog.setval('public.tags_id_seq', 2, true);

SELECT pg_catalog.setval('public.uploads_id_seq', 1, true);

SELECT pg_catalog.setval('public.versions', 4, true);

ALTER TABLE ONLY public.appended_pulls
    ADD CONSTRAINT appended_pulls_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.changes
    ADD CONSTRAINT changes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.collector
    ADD CONSTRAINT collector_pkey PRIMARY KEY (one);

ALTER TABLE ONLY public.compatible
    ADD CONSTRAINT compatible_pkey PRIMARY KEY (version);

ALTER TABLE ONLY public.contents
    ADD CONSTRAINT contents_pkey PRIMARY KEY (digest);

ALTER TABLE ONLY public.expired
    ADD CONSTRAINT expired_pkey PRIMARY KEY (object);

ALTER TABLE ONLY public.leases
    ADD CONSTRAINT leases_pkey PRIMARY KEY (work);

ALTER TABLE ONLY public.links
    ADD CONSTRAINT links_pkey PRIMARY KEY (repository, digest);

ALTER TABLE ONLY public.manifest_references
    ADD CONSTRAINT manifest_references_pkey PRIMARY KEY (repository, target, digest, manifest);

ALTER TABLE ONLY public.manifests
    ADD CONSTRAINT manifests_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.manifests
    ADD CONSTRAINT manifests_repository_digest_key UNIQUE (repository, digest);

ALTER TABLE ONLY public.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (version);

ALTER TABLE ONLY public.namespaces
    ADD CONSTRAINT namespaces_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.objects
    ADD CONSTRAINT objects_pkey PRIMARY KEY (key);

ALTER TABLE ONLY public.passes
    ADD CONSTRAINT passes_pkey PRIMARY KEY (pass);

ALTER TABLE ONLY public.pulls
    ADD CONSTRAINT pulls_pkey PRIMARY KEY (repository, tag, tag_id);

ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_pkey PRIMARY KEY (object);

ALTER TABLE ONLY public.registry
    ADD CONSTRAINT registry_pkey PRIMARY KEY (one);

ALTER TABLE ONLY public.repositories
    ADD CONSTRAINT repositories_name_key UNIQUE (name);

ALTER TABLE ONLY public.repositories
    ADD CONSTRAINT repositories_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.tags
    ADD CONSTRAINT tags_pkey PRIMARY KEY (repository, tag);

ALTER TABLE ONLY public.unknown_objects
    ADD CONSTRAINT unknown_objects_pkey PRIMARY KEY (key);

ALTER TABLE ONLY public.upload_tails
    ADD CONSTRAINT upload_tails_pkey PRIMARY KEY (upload, "position");

ALTER TABLE ONLY public.uploads
    ADD CONSTRAINT uploads_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.uploads
    ADD CONSTRAINT uploads_repository_session_key UNIQUE (repository, session);

CREATE INDEX appended_pulls_by_tag ON public.appended_pulls USING btree (repository, tag_id);

CREATE UNIQUE INDEX contents_by_object ON public.contents USING btree (object) WHERE (object IS NOT NULL);

CREATE INDEX contents_marked ON public.contents USING btree (pass, digest) WHERE (pass IS NOT NULL);

CREATE INDEX links_by_holder ON public.links USING btree (digest, bare, holder);

CREATE INDEX links_marked ON public.links USING btree (pass, repository, digest) WHERE (pass IS NOT NULL);

CREATE INDEX manifest_references_by_manifest ON public.manifest_references USING btree (manifest);

CREATE INDEX manifests_by_subject ON public.manifests USING btree (repository, subject, digest) WHERE (subject IS NOT NULL);

CREATE INDEX manifests_by_type ON public.manifests USING btree (repository, subject, artifact_type, digest) WHERE ((subject IS NOT NULL) AND (artifact_type IS NOT NULL));

CREATE INDEX manifests_marked ON public.manifests USING btree (pass, repository, digest) WHERE (pass IS NOT NULL);

CREATE INDEX objects_doomed ON public.objects USING btree (key) WHERE (state = 'doomed'::text);

CREATE INDEX quarantine_by_age ON public.quarantine USING btree (since, object);

CREATE INDEX repositories_inheriting ON public.repositories USING btree (namespace) WHERE (visibility IS NULL);

CREATE INDEX repositories_listed ON public.repositories USING btree (bare, name);

CREATE INDEX repositories_public ON public.repositories USING btree (bare, name) WHERE public;

CREATE INDEX tags_by_manifest ON public.tags USING btree (manifest, tag);

CREATE INDEX uploads_by_age ON public.uploads USING btree (touched, id);

CREATE INDEX uploads_by_object ON public.uploads USING btree (object) WHERE (object IS NOT NULL);

