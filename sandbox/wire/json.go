package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/twokey/twokey/sandbox/cloud"
)

// decodeJSON reads a JSON body into in, strictly: a member that the model does
// not have is answered with NotImplemented, for its effect would be missing. It
// returns the paths of the members that were sent.
func decodeJSON(body []byte, in any) (present map[string]bool, err error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(in); err != nil {
		return nil, jsonError(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, cloud.Errorf("SerializationException", "there is text after the request")
	}
	var tree any
	if err := json.Unmarshal(body, &tree); err != nil {
		return nil, jsonError(err)
	}
	present = map[string]bool{}
	markPresent("", tree, present)
	return present, nil
}

func jsonError(err error) error {
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return cloud.NotImplemented("the member " + name)
	}
	return cloud.Errorf("SerializationException", "%s", strings.TrimPrefix(err.Error(), "json: "))
}

func markPresent(path string, tree any, present map[string]bool) {
	switch t := tree.(type) {
	case map[string]any:
		for k, v := range t {
			p := lowerFirst(k)
			if path != "" {
				p = path + "." + p
			}
			if v != nil {
				present[p] = true
			}
			markPresent(p, v, present)
		}
	case []any:
		for i, v := range t {
			markPresent(path+"."+number(float64(i+1))+".member", v, present)
		}
	}
}

// encodeJSON writes an output. Maps and structures keep AWS's names through their
// tags; HTML is not escaped.
func encodeJSON(out any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
