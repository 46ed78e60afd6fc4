package cloudformation

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/twokey/twokey/internal/load/estatefile"
)

// loadEstateFile loads the stacks that an estate file lists. One that lists none
// has the templates beside it read, as without an estate file.
func (l *loader) loadEstateFile(path string, data []byte) error {
	f, err := estatefile.Parse(l.relative(path), data)
	if err != nil {
		return err
	}
	config := f.Config
	l.config = &config
	f.Apply(l.b, true)
	for _, a := range f.Accounts {
		l.accountNames[a.ID] = a.Name
	}
	if f.Region != "" {
		l.region, l.regionTold = f.Region, true
	}
	if !f.HasStacks {
		account := ""
		if len(f.Accounts) == 1 {
			account = f.Accounts[0].ID
		}
		return l.loadTree(filepath.Dir(path), account)
	}
	var errs estatefile.Errors
	for i := range f.Stacks {
		errs = append(errs, l.addStacks(f, &f.Stacks[i], filepath.Dir(path))...)
	}
	errs = append(errs, l.checkOutputs(f)...)
	if len(errs) > 0 {
		return errs
	}
	return nil
}

// addStacks adds the stack of an entry to each of its accounts.
func (l *loader) addStacks(f *estatefile.File, s *estatefile.Stack, dir string) estatefile.Errors {
	file := filepath.FromSlash(s.Template)
	if !filepath.IsAbs(file) {
		file = filepath.Join(dir, file)
	}
	named := s.TemplatePos
	for _, name := range s.Accounts {
		l.addUnit(&unit{
			name: s.Name, account: f.Account(name).ID, accountName: name, region: s.Region, path: file,
			given: s.Parameters, pos: s.Pos, named: &named,
		})
	}
	if _, err := os.Stat(file); err != nil {
		return estatefile.Errors{{Pos: named, Message: "template " + l.fileError(file, err).Error()}}
	}
	return nil
}

// checkOutputs reports outputs of stacks that are not in the file, and stacks
// that wait for each other.
func (l *loader) checkOutputs(f *estatefile.File) estatefile.Errors {
	var errs estatefile.Errors
	stacks := map[string]*estatefile.Stack{}
	for i := range f.Stacks {
		for _, a := range f.Stacks[i].Accounts {
			stacks[a+"/"+f.Stacks[i].Name] = &f.Stacks[i]
		}
	}
	for i := range f.Stacks {
		for _, p := range f.Stacks[i].Parameters {
			if p.Output == nil || stacks[p.Output.Account+"/"+p.Output.Stack] != nil {
				continue
			}
			hint := "list it under stacks"
			for j := range f.Stacks {
				if f.Stacks[j].Name == p.Output.Stack {
					hint = "stack " + p.Output.Stack + " is in account " + strings.Join(f.Stacks[j].Accounts, ", ")
				}
			}
			errs = append(errs, &estatefile.Error{
				Pos: p.Pos, Message: "parameter " + p.Name + " takes an output of " + p.Output.Account + "/" + p.Output.Stack + ", and there is no such stack",
				Hint: hint,
			})
		}
	}
	if len(errs) == 0 {
		errs = outputCycles(f, stacks)
	}
	return errs
}

// outputCycles finds stacks that take outputs of each other, so that none could
// be deployed first. Each cycle is reported once, with its chain.
func outputCycles(f *estatefile.File, stacks map[string]*estatefile.Stack) estatefile.Errors {
	var errs estatefile.Errors
	const visiting, done = 1, 2
	state := map[string]int{}
	var chain []string
	var visit func(id string)
	visit = func(id string) {
		state[id] = visiting
		chain = append(chain, id)
		for _, p := range stacks[id].Parameters {
			if p.Output == nil {
				continue
			}
			next := p.Output.Account + "/" + p.Output.Stack
			switch state[next] {
			case visiting:
				from := 0
				for chain[from] != next {
					from++
				}
				loop := append(append([]string(nil), chain[from:]...), next)
				errs = append(errs, &estatefile.Error{
					Pos:     p.Pos,
					Message: "these stacks wait for each other's outputs: " + strings.Join(loop, " needs "),
					Hint:    "give one of them the value itself",
				})
			case done:
			default:
				visit(next)
			}
		}
		chain = chain[:len(chain)-1]
		state[id] = done
	}
	for i := range f.Stacks {
		for _, a := range f.Stacks[i].Accounts {
			if id := a + "/" + f.Stacks[i].Name; state[id] == 0 {
				visit(id)
			}
		}
	}
	return errs
}
