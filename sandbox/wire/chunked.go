package wire

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
)

var errChunk = errors.New("the chunked body is malformed or its signature does not match")

// unchunk takes an aws-chunked body apart, checking the signature of each chunk
// where the payload is signed ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", with or
// without a trailer). It returns the bytes and the trailing headers.
func (s *signature) unchunk(body []byte, secret string) (data []byte, trailer map[string]string, err error) {
	signed := strings.HasPrefix(s.payloadHash, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
	hasTrailer := strings.HasSuffix(s.payloadHash, "-TRAILER")
	key, previous := s.key(secret), s.value
	for {
		line, rest, ok := bytes.Cut(body, []byte("\r\n"))
		if !ok {
			return nil, nil, errChunk
		}
		size, extension, _ := strings.Cut(string(line), ";")
		n, err := strconv.ParseUint(size, 16, 40)
		if err != nil || n > uint64(len(rest)) {
			return nil, nil, errChunk
		}
		chunk := rest[:n]
		if signed {
			got, _ := strings.CutPrefix(extension, "chunk-signature=")
			want := s.chunkSignature(key, previous, chunk)
			if subtle.ConstantTimeCompare([]byte(got), []byte(want)) != 1 {
				return nil, nil, errChunk
			}
			previous = want
		}
		data = append(data, chunk...)
		body = rest[n:]
		if n == 0 {
			break
		}
		if body, ok = bytes.CutPrefix(body, []byte("\r\n")); !ok {
			return nil, nil, errChunk
		}
	}
	trailer = map[string]string{}
	if !hasTrailer {
		return data, trailer, nil
	}
	var canonical strings.Builder
	for line := range strings.SplitSeq(strings.TrimSpace(string(body)), "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		if name == "x-amz-trailer-signature" {
			continue
		}
		if name != "" {
			trailer[name] = value
			canonical.WriteString(name + ":" + value + "\n")
		}
	}
	if signed {
		got := trailerSignature(string(body))
		digest := sha256.Sum256([]byte(canonical.String()))
		want := hex.EncodeToString(sum(key, algorithm+"-TRAILER\n"+s.at.Format(timeFormat)+"\n"+s.scope()+"\n"+previous+"\n"+hex.EncodeToString(digest[:])))
		if subtle.ConstantTimeCompare([]byte(got), []byte(want)) != 1 {
			return nil, nil, errChunk
		}
	}
	return data, trailer, nil
}

func trailerSignature(trailer string) string {
	_, after, _ := strings.Cut(trailer, "x-amz-trailer-signature:")
	line, _, _ := strings.Cut(after, "\r\n")
	return strings.TrimSpace(line)
}

func (s *signature) chunkSignature(key []byte, previous string, chunk []byte) string {
	digest := sha256.Sum256(chunk)
	return hex.EncodeToString(sum(key, algorithm+"-PAYLOAD\n"+s.at.Format(timeFormat)+"\n"+s.scope()+"\n"+previous+"\n"+emptySHA256+"\n"+hex.EncodeToString(digest[:])))
}
