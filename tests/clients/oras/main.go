// oras-client drives a registry with oras-go, the library inside the oras command.
//
// Usage: oras-client HOST:PORT PREFIX
//
// The referrers interface is required: nothing falls back to tags.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log"
	"os"
	"path/filepath"
	"slices"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/file"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote"
)

const (
	artifactType  = "application/vnd.example.report"
	sbomType      = "application/vnd.example.sbom"
	signatureType = "application/vnd.example.signature"
)

var (
	ctx   = context.Background()
	files = map[string][]byte{"large.bin": random(3 << 20), "small.txt": []byte("a report\n"), "empty": {}}
)

func main() {
	log.SetFlags(0)
	host, prefix := os.Args[1], os.Args[2]
	folder := must(os.MkdirTemp("", "oras"))
	defer os.RemoveAll(folder)
	source := repository(host + "/" + prefix + "/source")
	target := repository(host + "/" + prefix + "/target")

	artifact := push(source, filepath.Join(folder, "in"))
	pull(source, "v1", filepath.Join(folder, "out"))
	readPart(source, artifact)
	sbom, signature := attachments(source, artifact)
	tags(source, artifact)
	copyWithReferrers(source, target, artifact, sbom, signature)
	pull(target, "copied", filepath.Join(folder, "copied"))
	deletions(source, artifact, sbom, signature)
	pull(target, "copied", filepath.Join(folder, "kept"))
}

func repository(name string) *remote.Repository {
	r := must(remote.NewRepository(name))
	r.PlainHTTP = true
	r.TagListPageSize = 2
	r.ReferrerListPageSize = 1
	check(r.SetReferrersCapability(true))
	return r
}

// push packs the files into an artifact tagged v1.
func push(to *remote.Repository, folder string) ocispec.Descriptor {
	log.Print("-- push an artifact of three files")
	check(os.Mkdir(folder, 0o700))
	store := must(file.New(folder))
	defer store.Close()
	var layers []ocispec.Descriptor
	for name, bytes := range files {
		path := filepath.Join(folder, name)
		check(os.WriteFile(path, bytes, 0o600))
		layers = append(layers, must(store.Add(ctx, name, "application/octet-stream", path)))
	}
	options := oras.PackManifestOptions{Layers: layers}
	artifact := must(oras.PackManifest(ctx, store, oras.PackManifestVersion1_1, artifactType, options))
	check(store.Tag(ctx, artifact, "v1"))
	same("digest copied", artifact.Digest, must(oras.Copy(ctx, store, "v1", to, "v1", oras.DefaultCopyOptions)).Digest)
	same("digest resolved", artifact.Digest, must(to.Resolve(ctx, "v1")).Digest)
	return artifact
}

// pull writes the artifact's files to a folder and compares them.
func pull(from *remote.Repository, tag, folder string) {
	log.Print("-- pull ", tag)
	store := must(file.New(folder))
	defer store.Close()
	must(oras.Copy(ctx, from, tag, store, tag, oras.DefaultCopyOptions))
	for name, expected := range files {
		same("content of "+name, expected, must(os.ReadFile(filepath.Join(folder, name))))
	}
}

// readPart seeks within a layer, which takes a request for a range.
func readPart(from *remote.Repository, artifact ocispec.Descriptor) {
	log.Print("-- read a part of a layer")
	for _, layer := range must(content.Successors(ctx, from, artifact)) {
		if layer.Annotations[ocispec.AnnotationTitle] != "large.bin" {
			continue
		}
		reader := must(from.Fetch(ctx, layer))
		defer reader.Close()
		must(reader.(io.Seeker).Seek(-1000, io.SeekEnd))
		same("end of the layer", files["large.bin"][len(files["large.bin"])-1000:], must(io.ReadAll(reader)))
	}
}

func attachments(to *remote.Repository, artifact ocispec.Descriptor) (sbom, signature ocispec.Descriptor) {
	log.Print("-- attach, and list with and without a filter")
	same("referrers before", nil, referrers(to, artifact, ""))
	sbom = attach(to, artifact, sbomType)
	signature = attach(to, artifact, signatureType)
	same("all referrers", digests(sbom, signature), referrers(to, artifact, ""))
	same("referrers of one type", digests(sbom), referrers(to, artifact, sbomType))
	same("referrers of no type", nil, referrers(to, artifact, "application/vnd.example.none"))
	same("referrers of a referrer", nil, referrers(to, sbom, ""))
	return sbom, signature
}

func attach(to *remote.Repository, subject ocispec.Descriptor, kind string) ocispec.Descriptor {
	return must(oras.PackManifest(ctx, to, oras.PackManifestVersion1_1, kind, oras.PackManifestOptions{
		Subject:             &subject,
		ManifestAnnotations: map[string]string{"example.kind": kind},
	}))
}

func tags(of *remote.Repository, artifact ocispec.Descriptor) {
	log.Print("-- tags over several pages")
	must(oras.TagN(ctx, of, "v1", []string{"latest", "v1.0", "v1.0.0"}, oras.DefaultTagNOptions))
	same("tags", []string{"latest", "v1", "v1.0", "v1.0.0"}, list(of))
	same("digest of a tag", artifact.Digest, must(of.Resolve(ctx, "v1.0")).Digest)
}

func copyWithReferrers(from, to *remote.Repository, artifact, sbom, signature ocispec.Descriptor) {
	log.Print("-- copy with referrers; every layer is mounted")
	mounted := 0
	options := oras.DefaultExtendedCopyOptions
	options.MountFrom = func(context.Context, ocispec.Descriptor) ([]string, error) {
		return []string{from.Reference.Repository}, nil
	}
	options.OnMounted = func(context.Context, ocispec.Descriptor) error { mounted++; return nil }
	options.Concurrency = 1
	must(oras.ExtendedCopy(ctx, from, "v1", to, "copied", options))
	same("blobs mounted", len(files)+1, mounted)
	same("referrers copied", digests(sbom, signature), referrers(to, artifact, ""))
	same("tags of the copy", []string{"copied"}, list(to))
}

func deletions(from *remote.Repository, artifact, sbom, signature ocispec.Descriptor) {
	log.Print("-- delete a referrer, then the artifact")
	check(from.Delete(ctx, sbom))
	same("referrers left", digests(signature), referrers(from, artifact, ""))
	check(from.Delete(ctx, artifact))
	_, err := from.Resolve(ctx, "v1")
	same("artifact is gone", true, errors.Is(err, errdef.ErrNotFound))
	same("digest is gone", false, must(from.Exists(ctx, artifact)))
	same("tags left", nil, list(from))
}

func referrers(of *remote.Repository, subject ocispec.Descriptor, kind string) (found []string) {
	check(of.Referrers(ctx, subject, kind, func(page []ocispec.Descriptor) error {
		for _, referrer := range page {
			same("annotation in the list", referrer.ArtifactType, referrer.Annotations["example.kind"])
		}
		found = append(found, digests(page...)...)
		return nil
	}))
	slices.Sort(found)
	return found
}

func list(of *remote.Repository) (tags []string) {
	check(of.Tags(ctx, "", func(page []string) error { tags = append(tags, page...); return nil }))
	return tags
}

func digests(descriptors ...ocispec.Descriptor) (sorted []string) {
	for _, descriptor := range descriptors {
		sorted = append(sorted, descriptor.Digest.String())
	}
	slices.Sort(sorted)
	return sorted
}

func random(size int) []byte {
	bytes := make([]byte, size)
	must(rand.Read(bytes))
	return bytes
}
