// Command generate writes the wire types of one service of the sandbox from
// AWS's own service model, as botocore publishes it (Apache-2.0): a struct for
// every shape that the chosen operations use, with the wire names, places and
// constraints in its tags, and a table of the operations.
//
//	go run ./sandbox/wire/generate -models BOTOCORE/data -service sts -package sts -out sandbox/sts/zz_api.go -ops all
//
// The models are not part of the tree: take them from the botocore version that
// the head of the generated file names.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"go/format"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	var o options
	flag.StringVar(&o.models, "models", "", "botocore's data folder")
	flag.StringVar(&o.version, "botocore", "", "the version of botocore, for the head of the file")
	flag.StringVar(&o.service, "service", "", "the model's name there")
	flag.StringVar(&o.pkg, "package", "", "the Go package to write")
	flag.StringVar(&o.out, "out", "", "the file to write")
	ops := flag.String("ops", "all", "the operations to support, comma-separated, or all")
	flag.Parse()
	if *ops != "all" {
		o.ops = strings.Split(*ops, ",")
	}
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

type options struct {
	models, version, service, pkg, out string
	ops                                []string // nil: all
}

func run(o options) error {
	m, err := readModel(o.models, o.service)
	if err != nil {
		return err
	}
	if o.ops == nil {
		for name := range m.Operations {
			o.ops = append(o.ops, name)
		}
	}
	slices.Sort(o.ops)
	for _, name := range o.ops {
		if _, ok := m.Operations[name]; !ok {
			return fmt.Errorf("%s has no operation %q", o.service, name)
		}
	}
	w := &writer{model: m, options: o}
	src, err := format.Source(w.file())
	if err != nil {
		return fmt.Errorf("generated code: %w", err)
	}
	return os.WriteFile(o.out, src, 0o644)
}

// readModel reads the newest version of a service's model.
func readModel(dir, service string) (*model, error) {
	files, err := filepath.Glob(filepath.Join(dir, service, "*", "service-2.json*"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no model of %s under %s", service, dir)
	}
	slices.Sort(files)
	f, err := os.Open(files[len(files)-1])
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(f.Name(), ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, err
		}
	}
	var m model
	if err := json.NewDecoder(r).Decode(&m); err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return &m, nil
}

type model struct {
	Metadata   metadata             `json:"metadata"`
	Operations map[string]operation `json:"operations"`
	Shapes     map[string]*shape    `json:"shapes"`
}

type metadata struct {
	APIVersion     string `json:"apiVersion"`
	EndpointPrefix string `json:"endpointPrefix"`
	JSONVersion    string `json:"jsonVersion"`
	Protocol       string `json:"protocol"`
	ServiceID      string `json:"serviceId"`
	SigningName    string `json:"signingName"`
	TargetPrefix   string `json:"targetPrefix"`
	XMLNamespace   string `json:"xmlNamespace"`
}

type operation struct {
	Name string `json:"name"`
	HTTP struct {
		Method       string `json:"method"`
		RequestURI   string `json:"requestUri"`
		ResponseCode int    `json:"responseCode"`
	} `json:"http"`
	Input  *ref  `json:"input"`
	Output *ref  `json:"output"`
	Errors []ref `json:"errors"`
}

type ref struct {
	Shape           string        `json:"shape"`
	Location        string        `json:"location"`
	LocationName    string        `json:"locationName"`
	QueryName       string        `json:"queryName"`
	ResultWrapper   string        `json:"resultWrapper"`
	Flattened       bool          `json:"flattened"`
	XMLAttribute    bool          `json:"xmlAttribute"`
	Streaming       bool          `json:"streaming"`
	TimestampFormat string        `json:"timestampFormat"`
	XMLNamespace    *xmlNamespace `json:"xmlNamespace"`
}

type xmlNamespace struct {
	URI    string `json:"uri"`
	Prefix string `json:"prefix"`
}

type shape struct {
	Type            string         `json:"type"`
	Members         map[string]ref `json:"members"`
	Order           []string       `json:"-"`
	Required        []string       `json:"required"`
	Member          *ref           `json:"member"`
	Key             *ref           `json:"key"`
	Value           *ref           `json:"value"`
	Min             *json.Number   `json:"min"`
	Max             *json.Number   `json:"max"`
	Pattern         string         `json:"pattern"`
	Enum            []string       `json:"enum"`
	Flattened       bool           `json:"flattened"`
	Sensitive       bool           `json:"sensitive"`
	Payload         string         `json:"payload"`
	TimestampFormat string         `json:"timestampFormat"`
	Exception       bool           `json:"exception"`
	Streaming       bool           `json:"streaming"`
	Error           *struct {
		Code           string `json:"code"`
		HTTPStatusCode int    `json:"httpStatusCode"`
		SenderFault    bool   `json:"senderFault"`
	} `json:"error"`
	XMLNamespace *xmlNamespace `json:"xmlNamespace"`
}

// UnmarshalJSON keeps the order of the members: it is the order of the
// validation messages.
func (s *shape) UnmarshalJSON(data []byte) error {
	type plain shape
	if err := json.Unmarshal(data, (*plain)(s)); err != nil {
		return err
	}
	var raw struct {
		Members json.RawMessage `json:"members"`
	}
	if err := json.Unmarshal(data, &raw); err != nil || raw.Members == nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(raw.Members))
	if _, err := dec.Token(); err != nil {
		return err
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		s.Order = append(s.Order, key.(string))
		var skip json.RawMessage
		if err := dec.Decode(&skip); err != nil {
			return err
		}
	}
	return nil
}
