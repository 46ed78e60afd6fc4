package s3

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/twokey/twokey/sandbox/cloud"
)

// checksum is that of an object, in base64; with "-N" behind it where it is
// composed of those of N parts.
type checksum struct{ Algorithm, Value, Type string }

const (
	fullObject = "FULL_OBJECT"
	composite  = "COMPOSITE"
	crc64nvme  = "CRC64NVME"
)

// algorithms are those that S3 has; the ones without a hash are not supported.
var algorithms = []struct {
	name string
	new  func() hash.Hash
}{
	{"CRC32", func() hash.Hash { return crc32.NewIEEE() }},
	{"CRC32C", func() hash.Hash { return crc32.New(castagnoli) }},
	{crc64nvme, func() hash.Hash { return crc64.New(nvme) }},
	{"SHA1", sha1.New},
	{"SHA256", sha256.New},
	{"SHA512", sha512.New},
	{"MD5", md5.New},
	{"XXHASH64", nil}, {"XXHASH3", nil}, {"XXHASH128", nil},
}

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	// nvme is the polynomial of CRC-64/NVME, reversed.
	nvme = crc64.MakeTable(0x9a6c9329ac4bc9b5)
)

func newHash(algorithm string) (hash.Hash, error) {
	for _, a := range algorithms {
		if a.name == algorithm && a.new != nil {
			return a.new(), nil
		}
	}
	return nil, cloud.NotImplemented("the checksum algorithm " + algorithm)
}

// digest computes a checksum over the pieces of a body.
func digest(algorithm string, pieces ...[]byte) (string, error) {
	h, err := newHash(algorithm)
	if err != nil {
		return "", err
	}
	for _, p := range pieces {
		h.Write(p)
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil)), nil
}

// checksumFields are the indexes of the members Checksum… of a type, in the order
// of algorithms; -1 where there is none.
var checksumFields sync.Map // reflect.Type → []int

func fieldsOf(t reflect.Type) []int {
	if f, ok := checksumFields.Load(t); ok {
		return f.([]int)
	}
	out := make([]int, len(algorithms))
	for i, a := range algorithms {
		out[i] = -1
		if f, ok := t.FieldByName("Checksum" + a.name); ok {
			out[i] = f.Index[0]
		}
	}
	f, _ := checksumFields.LoadOrStore(t, out)
	return f.([]int)
}

// given reads the checksum that an input, or a part in it, carries.
func given(in any) (checksum, error) {
	v := reflect.ValueOf(in).Elem()
	var c checksum
	for i, f := range fieldsOf(v.Type()) {
		if f < 0 || v.Field(f).String() == "" {
			continue
		}
		if c.Algorithm != "" {
			return c, invalidRequest("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
		}
		c = checksum{Algorithm: algorithms[i].name, Value: v.Field(f).String(), Type: fullObject}
	}
	return c, nil
}

// show writes a checksum into an output, with its type where the output has a
// place for it.
func (c checksum) show(out any) {
	if c.Algorithm == "" {
		return
	}
	v := reflect.ValueOf(out).Elem()
	for i, f := range fieldsOf(v.Type()) {
		if f >= 0 && algorithms[i].name == c.Algorithm {
			v.Field(f).SetString(c.Value)
		}
	}
	if f := v.FieldByName("ChecksumType"); f.IsValid() {
		f.SetString(c.Type)
	}
}

// verify checks a body against what the request says of it, and returns the
// checksum to keep: the one given, one of the algorithm announced, or CRC64NVME.
func verify(body []byte, in any, announced, contentMD5, fallback string) (checksum, [md5.Size]byte, error) {
	sum := md5.Sum(body)
	c, err := given(in)
	if err != nil {
		return c, sum, err
	}
	if contentMD5 != "" {
		want, err := base64.StdEncoding.DecodeString(contentMD5)
		if err != nil || len(want) != md5.Size {
			return c, sum, fault(400, "InvalidDigest", "The Content-MD5 you specified was invalid.")
		}
		if [md5.Size]byte(want) != sum {
			return c, sum, fault(400, "BadDigest", "The Content-MD5 you specified did not match what we received.")
		}
	}
	if c.Algorithm == "" {
		if announced != "" {
			return c, sum, invalidRequest("x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.")
		}
		c = checksum{Algorithm: fallback, Type: fullObject}
		if c.Algorithm == "" {
			return checksum{}, sum, nil
		}
		c.Value, err = digest(c.Algorithm, body)
		return c, sum, err
	}
	if announced != "" && announced != c.Algorithm {
		return c, sum, invalidRequest("Value for x-amz-sdk-checksum-algorithm header is invalid.")
	}
	got, err := digest(c.Algorithm, body)
	if err != nil {
		return c, sum, err
	}
	if raw, err := base64.StdEncoding.DecodeString(c.Value); err != nil || base64.StdEncoding.EncodedLen(len(raw)) != len(got) {
		return c, sum, invalidRequest("Value for x-amz-checksum-" + strings.ToLower(c.Algorithm) + " header is invalid.")
	}
	if got != c.Value {
		return c, sum, fault(400, "BadDigest", "The "+c.Algorithm+" you specified did not match the calculated checksum.")
	}
	return c, sum, nil
}

// compose is the checksum of a multipart upload made of those of its parts.
func compose(algorithm string, parts []part) (string, error) {
	h, err := newHash(algorithm)
	if err != nil {
		return "", err
	}
	for _, p := range parts {
		raw, err := base64.StdEncoding.DecodeString(p.Checksum.Value)
		if err != nil {
			return "", err
		}
		h.Write(raw)
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil)) + "-" + strconv.Itoa(len(parts)), nil
}

func quoted(sum [md5.Size]byte) string { return `"` + hex.EncodeToString(sum[:]) + `"` }
