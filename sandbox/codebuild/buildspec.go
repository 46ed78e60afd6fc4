package codebuild

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// spec is a buildspec of version 0.2 ("Build specification reference for
// CodeBuild"; AWS CodeBuild user guide).
type spec struct {
	Shell     string // sh or bash
	Variables []variable
	Exported  []string
	Phases    map[string]phaseSpec // by the type of the phase: INSTALL
	Artifacts *artifactSpec
	Secondary map[string]*artifactSpec
	// Notices name what the buildspec asks for and the sandbox passes over.
	Notices []string
}

type variable struct{ Name, Value string }

type phaseSpec struct {
	Commands, Finally []string
	Continue          bool // on failure
	Abort             bool
}

type artifactSpec struct {
	Files, Exclude []string
	Name, Base     string
	Discard        bool // the folders of the files
}

// maxSpec bounds a buildspec; AWS's own limit for those in projects is smaller.
const maxSpec = 1 << 20

// variableName is what a shell takes as the name of a variable.
var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// parseSpec reads a buildspec, YAML or JSON. What the sandbox does not know is an
// error where leaving it out would change what the commands do, and a notice
// elsewhere.
func parseSpec(data []byte) (*spec, error) {
	if len(data) > maxSpec {
		return nil, fmt.Errorf("the buildspec is over %d bytes", maxSpec)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	// Decoding into a map finds keys that stand twice, which a node tree keeps.
	var whole map[string]any
	if err := doc.Decode(&whole); err != nil {
		return nil, err
	}
	if len(doc.Content) == 0 {
		return nil, errors.New("the buildspec is empty")
	}
	s := &spec{Shell: "sh", Phases: map[string]phaseSpec{}, Secondary: map[string]*artifactSpec{}}
	version := ""
	err := each(doc.Content[0], "the buildspec", func(key string, v *yaml.Node) (err error) {
		switch key {
		case "version":
			version, err = scalar(v, key)
		case "env":
			err = s.env(v)
		case "phases":
			err = s.phases(v)
		case "artifacts":
			s.Artifacts, err = s.artifacts(v, true)
		case "reports", "cache":
			s.notice(v, key)
		case "run-as", "proxy", "batch":
			err = s.unsupported(v, key)
		default:
			err = fmt.Errorf("line %d: unknown key %q", v.Line, key)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	switch version {
	case "0.2":
	case "0.1":
		return nil, errors.New("the sandbox does not support version 0.1 of buildspecs")
	default:
		return nil, fmt.Errorf("unsupported version: %q", version)
	}
	if len(s.Phases) == 0 {
		return nil, errors.New("phases is missing or empty")
	}
	return s, nil
}

func (s *spec) notice(v *yaml.Node, key string) {
	s.Notices = append(s.Notices, fmt.Sprintf("The sandbox passes over %s (line %d of the buildspec)", key, v.Line))
}

func (s *spec) unsupported(v *yaml.Node, key string) error {
	return fmt.Errorf("line %d: the sandbox does not support %s", v.Line, key)
}

func (s *spec) env(n *yaml.Node) error {
	return each(n, "env", func(key string, v *yaml.Node) (err error) {
		switch key {
		case "shell":
			s.Shell, err = scalar(v, key)
			if err == nil && s.Shell != "sh" && s.Shell != "bash" && s.Shell != "/bin/sh" {
				err = fmt.Errorf("line %d: the sandbox does not support the shell %q", v.Line, s.Shell)
			}
			s.Shell = strings.TrimPrefix(s.Shell, "/bin/")
			return err
		case "variables":
			return each(v, key, func(name string, v *yaml.Node) error {
				text, err := scalar(v, name)
				if err == nil && !variableName.MatchString(name) {
					err = fmt.Errorf("line %d: %q is no name of a variable", v.Line, name)
				}
				s.Variables = append(s.Variables, variable{name, text})
				return err
			})
		case "exported-variables":
			if s.Exported, err = list(v, key); err != nil {
				return err
			}
			for _, name := range s.Exported {
				if !variableName.MatchString(name) {
					return fmt.Errorf("line %d: %q is no name of a variable", v.Line, name)
				}
			}
			return nil
		case "git-credential-helper":
			s.notice(v, key)
			return nil
		case "parameter-store", "secrets-manager":
			return s.unsupported(v, key)
		}
		return fmt.Errorf("line %d: unknown key %q in env", v.Line, key)
	})
}

// phaseTypes are the phases of a buildspec by their names there.
var phaseTypes = map[string]string{"install": "INSTALL", "pre_build": "PRE_BUILD", "build": "BUILD", "post_build": "POST_BUILD"}

func (s *spec) phases(n *yaml.Node) error {
	return each(n, "phases", func(name string, v *yaml.Node) error {
		kind, ok := phaseTypes[name]
		if !ok {
			return fmt.Errorf("line %d: unknown phase %q", v.Line, name)
		}
		var p phaseSpec
		err := each(v, name, func(key string, v *yaml.Node) (err error) {
			switch key {
			case "commands":
				p.Commands, err = list(v, key)
			case "finally":
				p.Finally, err = list(v, key)
			case "on-failure":
				var how string
				how, err = scalar(v, key)
				p.Abort, p.Continue = how == "ABORT", how == "CONTINUE"
				if err == nil && !p.Abort && !p.Continue {
					err = fmt.Errorf("line %d: the sandbox does not support on-failure %q", v.Line, how)
				}
			case "runtime-versions":
				s.notice(v, key)
			case "run-as":
				err = s.unsupported(v, key)
			default:
				err = fmt.Errorf("line %d: unknown key %q in %s", v.Line, key, name)
			}
			return err
		})
		s.Phases[kind] = p
		return err
	})
}

func (s *spec) artifacts(n *yaml.Node, primary bool) (*artifactSpec, error) {
	a := &artifactSpec{}
	err := each(n, "artifacts", func(key string, v *yaml.Node) (err error) {
		switch key {
		case "files":
			a.Files, err = list(v, key)
		case "exclude-paths":
			a.Exclude, err = list(v, key)
		case "name":
			a.Name, err = scalar(v, key)
		case "base-directory":
			a.Base, err = scalar(v, key)
		case "discard-paths":
			var text string
			text, err = scalar(v, key)
			a.Discard = text == "yes" || text == "true"
		case "enable-symlinks":
			s.notice(v, key)
		case "s3-prefix":
			err = s.unsupported(v, key)
		case "secondary-artifacts":
			if !primary {
				return fmt.Errorf("line %d: secondary-artifacts stands within itself", v.Line)
			}
			return each(v, key, func(id string, v *yaml.Node) (err error) {
				s.Secondary[id], err = s.artifacts(v, false)
				return err
			})
		default:
			err = fmt.Errorf("line %d: unknown key %q in artifacts", v.Line, key)
		}
		return err
	})
	return a, err
}

// each calls f for every key of a mapping; a null is an empty one.
func each(n *yaml.Node, what string, f func(key string, v *yaml.Node) error) error {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: %s is no mapping", n.Line, what)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if err := f(n.Content[i].Value, n.Content[i+1]); err != nil {
			return err
		}
	}
	return nil
}

func scalar(n *yaml.Node, what string) (string, error) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.ScalarNode {
		return "", fmt.Errorf("line %d: %s is no text", n.Line, what)
	}
	if n.Tag == "!!null" {
		return "", nil
	}
	return n.Value, nil
}

// list reads a list of texts. Lists within it, as anchors make them, are laid out
// flat.
func list(n *yaml.Node, what string) ([]string, error) { return listAt(n, what, 0) }

func listAt(n *yaml.Node, what string, depth int) ([]string, error) {
	const maxDepth, maxItems = 4, 10_000
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" && depth == 0 {
		return nil, nil
	}
	if n.Kind != yaml.SequenceNode || depth > maxDepth {
		return nil, fmt.Errorf("line %d: %s is no list of texts", n.Line, what)
	}
	var out []string
	for _, item := range n.Content {
		nested := item
		if nested.Kind == yaml.AliasNode {
			nested = nested.Alias
		}
		if nested.Kind == yaml.SequenceNode {
			more, err := listAt(nested, what, depth+1)
			if err != nil {
				return nil, err
			}
			out = slices.Concat(out, more)
		} else {
			text, err := scalar(item, "an item of "+what)
			if err != nil {
				return nil, err
			}
			out = append(out, text)
		}
		if len(out) > maxItems {
			return nil, fmt.Errorf("line %d: %s has over %d items", n.Line, what, maxItems)
		}
	}
	return out, nil
}
