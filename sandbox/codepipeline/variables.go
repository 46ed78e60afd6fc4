package codepipeline

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// reference matches a use of a variable, "#{namespace.key}".
var reference = regexp.MustCompile(`#\{([^{}]*)\}`)

// scope finds the value of a variable.
type scope func(namespace, key string) (string, bool)

// scope is what an action or rule of an execution may refer to: the execution's
// id, the pipeline's variables, and the output variables of actions that are sure
// to have run before it.
func (m *machine) scope(x *execution, stage string, order int64) scope {
	def := m.state.Pipeline.Definition
	earlier := map[string]bool{}
	for _, s := range def.Stages {
		if s.Name == stage {
			for _, a := range s.Actions {
				if runOrder(a) < order {
					earlier[s.Name+"/"+a.Name] = true
				}
			}
			break
		}
		for _, a := range s.Actions {
			earlier[s.Name+"/"+a.Name] = true
		}
	}
	return func(namespace, key string) (string, bool) {
		switch namespace {
		case "codepipeline":
			return x.ID, key == "PipelineExecutionId"
		case "variables":
			for _, v := range x.Variables {
				if v.Name == key {
					return v.Value, true
				}
			}
			return "", false
		}
		for _, a := range slices.Backward(x.Actions) {
			if a.Namespace == namespace && a.Status == succeeded && earlier[a.Stage+"/"+a.Action] {
				v, ok := a.Variables[key]
				return v, ok
			}
		}
		for _, in := range x.Inherited {
			if in.Namespace == namespace {
				v, ok := in.Variables[key]
				return v, ok
			}
		}
		return "", false
	}
}

// resolve replaces the variables in a text.
func resolve(text string, s scope) (string, error) {
	var err error
	out := reference.ReplaceAllStringFunc(text, func(m string) string {
		namespace, key, ok := strings.Cut(m[2:len(m)-1], ".")
		if ok {
			if v, found := s(namespace, key); found {
				return v
			}
		}
		if err == nil {
			err = fmt.Errorf("the variable %s could not be resolved", m)
		}
		return m
	})
	return out, err
}

// maxResolvedBytes bounds an action's configuration after its variables are
// resolved (100 KB).
const maxResolvedBytes = 100 << 10

func resolveAll(config map[string]string, s scope) (map[string]string, error) {
	if config == nil {
		return nil, nil
	}
	out, size := maps.Clone(config), 0
	var first error
	for _, k := range slices.Sorted(maps.Keys(config)) {
		v, err := resolve(config[k], s)
		if err != nil && first == nil {
			first = fmt.Errorf("configuration %s: %w", k, err)
		}
		out[k] = v
		size += len(k) + len(v)
	}
	if size > maxResolvedBytes && first == nil {
		first = fmt.Errorf("the resolved configuration is over %d bytes", maxResolvedBytes)
	}
	return out, first
}
