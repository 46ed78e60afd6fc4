package cloudformation

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"

	"github.com/twokey/twokey/cfn"
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam/policy"
)

// manifestName is the file that makes a directory a cloud assembly.
const manifestName = "manifest.json"

// maxAssemblies bounds how deeply assemblies are nested.
const maxAssemblies = 16

// isAssembly reports whether dir is a cloud assembly, such as cdk.out.
func isAssembly(dir string) bool {
	data, err := readBounded(filepath.Join(dir, manifestName))
	return err == nil && bytes.Contains(data, []byte(`"artifacts"`)) && bytes.Contains(data, []byte(`"aws:cloudformation:stack"`)) ||
		err == nil && bytes.Contains(data, []byte(`"cdk:cloud-assembly"`)) || err == nil && bytes.Contains(data, []byte(`"cdk:tree"`))
}

// assemblyStack is a stack of a cloud assembly.
type assemblyStack struct {
	name, account, region, role string
	parameters                  map[string]*policy.Node
	found
	pos policy.Pos
}

// loadAssembly loads the stacks of a cloud assembly and of those nested in it.
func (l *loader) loadAssembly(dir string) error {
	stacks, err := l.readAssembly(dir, 0)
	if err != nil {
		return err
	}
	if len(stacks) == 0 {
		return &cfn.Error{Pos: policy.Pos{File: l.relative(filepath.Join(dir, manifestName))}, Message: "lists no stacks", Hint: "run cdk synth"}
	}
	standIn := ""
	var all []found
	for _, s := range stacks {
		all = append(all, s.found)
	}
	for _, s := range stacks {
		account := s.account
		if account == "" {
			if standIn == "" {
				standIn = l.standIn(all)
				l.accountNames[standIn] = ""
			}
			account = standIn
		}
		l.b.Account(estate.Account{ID: account, FromTemplates: true, Pos: s.pos})
		u := &unit{
			name: s.name, account: account, accountName: l.accountNames[account], region: s.region, template: s.template, path: s.path,
			values: s.parameters, pos: s.pos,
		}
		l.addUnit(u)
		u.role = strings.NewReplacer("${AWS::Partition}", estate.PartitionOf(u.region), "${AWS::AccountId}", account, "${AWS::Region}", u.region).Replace(s.role)
	}
	return nil
}

// readAssembly reads the manifest of dir.
func (l *loader) readAssembly(dir string, depth int) ([]assemblyStack, error) {
	path := filepath.Join(dir, manifestName)
	file := l.relative(path)
	if depth > maxAssemblies {
		return nil, &cfn.Error{Pos: policy.Pos{File: file}, Message: "is nested too deeply"}
	}
	data, err := readBounded(path)
	if err != nil {
		return nil, l.fileError(path, err)
	}
	root, err := parseJSON(file, data)
	if err != nil {
		return nil, err
	}
	l.b.Source(estate.Source{Name: file, Kind: "cdk-manifest"})
	var out []assemblyStack
	artifacts := root.Get("artifacts")
	if artifacts == nil || artifacts.Kind != policy.Map {
		return nil, &cfn.Error{Pos: policy.Pos{File: file, Line: 1}, Message: "has no map of artifacts"}
	}
	for _, a := range artifacts.Entries {
		kind, _ := a.Value.Get("type").Scalar()
		props := a.Value.Get("properties")
		switch kind {
		case "cdk:cloud-assembly":
			name, _ := props.Get("directoryName").Scalar()
			sub, err := l.readAssembly(filepath.Join(dir, filepath.FromSlash(name)), depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, sub...)
		case "cdk:asset-manifest":
			// Only nested stacks need it; without it they are unknown, and the rest is read.
			if err := l.readAssets(dir, props); err != nil {
				name, _ := props.Get("file").Scalar()
				l.unreadable(filepath.Join(dir, filepath.FromSlash(name)), err)
			}
		case "aws:cloudformation:stack":
			s, err := l.assemblyStack(dir, a)
			if err != nil {
				return nil, err
			}
			out = append(out, *s)
		}
	}
	return out, nil
}

func parseJSON(file string, data []byte) (*policy.Node, error) {
	root, err := policy.ParseNode(file, data)
	if err != nil {
		e := &cfn.Error{Pos: policy.Pos{File: file}, Message: err.Error()}
		var syntax *policy.SyntaxError
		if errors.As(err, &syntax) {
			e.Pos, e.Message = syntax.Pos, "is not valid JSON: "+syntax.Message
		}
		return nil, e
	}
	return root, nil
}

// readAssets notes the templates among the files that an assembly uploads.
func (l *loader) readAssets(dir string, props *policy.Node) error {
	name, ok := props.Get("file").Scalar()
	if !ok {
		return nil
	}
	path := filepath.Join(dir, filepath.FromSlash(name))
	data, err := readBounded(path)
	if err != nil {
		return l.fileError(path, err)
	}
	root, err := parseJSON(l.relative(path), data)
	if err != nil {
		return err
	}
	files := root.Get("files")
	if files == nil {
		return nil
	}
	for _, f := range files.Entries {
		source, ok := f.Value.Path("source", "path").Scalar()
		if ok && strings.HasSuffix(source, ".template.json") {
			l.assets[f.Key+".json"] = filepath.Join(dir, filepath.FromSlash(source))
		}
	}
	return nil
}

func (l *loader) assemblyStack(dir string, a policy.Entry) (*assemblyStack, error) {
	props := a.Value.Get("properties")
	s := &assemblyStack{name: a.Key, pos: a.KeyPos, parameters: map[string]*policy.Node{}}
	if name, ok := props.Get("stackName").Scalar(); ok && name != "" {
		s.name = name
	}
	s.role, _ = props.Get("cloudFormationExecutionRoleArn").Scalar()
	environment, _ := a.Value.Get("environment").Scalar()
	account, region, _ := strings.Cut(strings.TrimPrefix(environment, "aws://"), "/")
	if len(account) == 12 && strings.Trim(account, "0123456789") == "" {
		s.account = account
	}
	if region != "unknown-region" {
		s.region = region
	}
	if p := props.Get("parameters"); p != nil {
		for _, e := range p.Entries {
			s.parameters[e.Key] = e.Value
		}
	}
	file, ok := props.Get("templateFile").Scalar()
	if !ok || file == "" {
		return nil, &cfn.Error{Pos: a.KeyPos, Message: "stack " + a.Key + " names no templateFile"}
	}
	s.path = filepath.Join(dir, filepath.FromSlash(file))
	var err error
	if s.template, err = l.template(s.path); err != nil {
		return nil, err
	}
	return s, nil
}
