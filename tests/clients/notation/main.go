// notation-client signs and verifies with notation-go, the library inside the notation command.
//
// Usage: notation-client HOST:PORT PREFIX
//
// Keys and self-signed certificates are made here. The referrers interface is required: nothing falls back to tags.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"log"
	"math/big"
	"os"
	"slices"
	"time"

	_ "github.com/notaryproject/notation-core-go/signature/cose"
	_ "github.com/notaryproject/notation-core-go/signature/jws"
	"github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/registry"
	"github.com/notaryproject/notation-go/signer"
	"github.com/notaryproject/notation-go/verifier"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	"github.com/notaryproject/notation-go/verifier/truststore"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/registry/remote"
)

var (
	ctx      = context.Background()
	metadata = map[string]string{"built-by": "tests"}
	formats  = []string{"application/cose", "application/jose+json"}
)

func main() {
	log.SetFlags(0)
	store := must(remote.NewRepository(os.Args[1] + "/" + os.Args[2] + "/app"))
	store.PlainHTTP = true
	check(store.SetReferrersCapability(true))
	signed, unsigned := artifact(store, "signed"), artifact(store, "unsigned")
	ours, theirs := identity("ours"), identity("theirs")

	log.Print("-- sign in both formats")
	for _, format := range formats {
		sign(store, ours, signed, format)
	}
	signatures := signaturesOf(store, signed)
	same("formats", formats, formatsOf(store, signatures))

	log.Print("-- verify")
	check(verify(store, ours, "signed", signed, metadata))
	refused("another key", verify(store, theirs, "signed", signed, metadata))
	refused("other metadata", verify(store, ours, "signed", signed, map[string]string{"built-by": "others"}))
	var absent notation.SignatureRetrievalFailedError
	same("unsigned is told apart", true, errors.As(verify(store, ours, "unsigned", unsigned, nil), &absent))

	log.Print("-- one signature is enough; without any nothing verifies")
	for _, signature := range signatures {
		check(verify(store, ours, "signed", signed, metadata))
		check(store.Delete(ctx, signature))
	}
	refused("deleted signatures", verify(store, ours, "signed", signed, metadata))
}

// artifact pushes a manifest over the text that is also its tag.
func artifact(to *remote.Repository, text string) ocispec.Descriptor {
	layer := must(oras.PushBytes(ctx, to, "text/plain", []byte(text)))
	options := oras.PackManifestOptions{Layers: []ocispec.Descriptor{layer}}
	packed := must(oras.PackManifest(ctx, to, oras.PackManifestVersion1_1, "application/vnd.example.note", options))
	check(to.Tag(ctx, packed, text))
	return packed
}

// signatory is a key with its certificate, and, as a trust store, trusts that certificate alone.
type signatory struct {
	key         *ecdsa.PrivateKey
	certificate *x509.Certificate
}

func (s signatory) GetCertificates(context.Context, truststore.Type, string) ([]*x509.Certificate, error) {
	return []*x509.Certificate{s.certificate}, nil
}

func identity(name string) signatory {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: name, Organization: []string{"Tests"}, Country: []string{"CN"}, Province: []string{"Tests"}},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
	return signatory{key, must(x509.ParseCertificate(der))}
}

func sign(store *remote.Repository, by signatory, target ocispec.Descriptor, format string) {
	signer := must(signer.NewGenericSigner(by.key, []*x509.Certificate{by.certificate}))
	options := notation.SignOptions{ArtifactReference: target.Digest.String(), UserMetadata: metadata}
	options.SignatureMediaType = format
	same("digest signed", target.Digest, must(notation.Sign(ctx, signer, registry.NewRepository(store), options)).Digest)
}

func signaturesOf(store *remote.Repository, target ocispec.Descriptor) (found []ocispec.Descriptor) {
	check(registry.NewRepository(store).ListSignatures(ctx, target, func(page []ocispec.Descriptor) error {
		found = append(found, page...)
		return nil
	}))
	return found
}

// formatsOf reads each signature back.
func formatsOf(store *remote.Repository, signatures []ocispec.Descriptor) (found []string) {
	for _, signature := range signatures {
		_, blob, err := registry.NewRepository(store).FetchSignatureBlob(ctx, signature)
		check(err)
		found = append(found, blob.MediaType)
	}
	slices.Sort(found)
	return found
}

// verify resolves the tag in the registry; what is verified must be the target.
func verify(store *remote.Repository, trusted signatory, tag string, target ocispec.Descriptor, metadata map[string]string) error {
	policy := &trustpolicy.Document{Version: "1.0", TrustPolicies: []trustpolicy.TrustPolicy{{
		Name:                  "tests",
		RegistryScopes:        []string{"*"},
		SignatureVerification: trustpolicy.SignatureVerification{VerificationLevel: "strict"},
		TrustStores:           []string{"ca:tests"},
		TrustedIdentities:     []string{"*"},
	}}}
	verifier := must(verifier.New(policy, trusted, nil))
	resolved := must(store.Resolve(ctx, tag))
	verified, outcomes, err := notation.Verify(ctx, verifier, registry.NewRepository(store), notation.VerifyOptions{
		ArtifactReference:    fmt.Sprintf("%v/%v@%v", store.Reference.Registry, store.Reference.Repository, resolved.Digest),
		MaxSignatureAttempts: 10,
		UserMetadata:         metadata,
	})
	if err == nil {
		same("digest verified", target.Digest, verified.Digest)
		same("outcomes", 1, len(outcomes))
	}
	return err
}

func refused(why string, err error) {
	if err == nil {
		log.Panic("FAILED: verified in spite of ", why)
	}
	log.Print("refused, as it should be: ", err)
}
