// Package cloudformation loads an estate from CloudFormation templates: one
// file, a directory of them, an estate file that says which template goes into
// which account, or the cloud assembly that the CDK writes (cdk.out).
package cloudformation

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/twokey/twokey/cfn"
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam/policy"
	"github.com/twokey/twokey/internal/load/estatefile"
)

// Load reads what lies at path into an estate.
//
// A directory is read by the twokey.yaml in it. One without is taken as
// templates of one account, a stack each, which the estate's assumptions say;
// what is clearly no template is passed over and counted, and what cannot be
// read is listed as a problem and as unknown, unless nothing could be read. A file named explicitly, by path or
// by an estate file, has to be readable: otherwise Load fails, with an
// estatefile.Errors or a *cfn.Error that names file and line.
func Load(ctx context.Context, path string, opts estate.LoadOptions) (*estate.Loaded, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, pathError(path, err)
	}
	l := newLoader(ctx, opts)
	switch {
	case info.IsDir():
		l.root = path
		err = l.loadDirectory(path)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is neither a file nor a directory", path)
	default:
		l.root = filepath.Dir(path)
		err = l.loadFile(path)
	}
	if err != nil {
		return nil, err
	}
	loaded, err := l.finish()
	if err == nil && len(loaded.Estate.Read) == 0 && len(l.failures) > 0 {
		// An estate of nothing would look like one without faults.
		return nil, errors.Join(l.failures...)
	}
	return loaded, err
}

// pathError says in plain words why a path cannot be opened.
func pathError(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s does not exist", path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s cannot be read: permission denied", path)
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return fmt.Errorf("%s cannot be read: %w", path, err)
}

// loader carries one Load.
type loader struct {
	ctx       context.Context
	opts      estate.LoadOptions
	root      string // what positions are relative to
	b         *estate.Builder
	config    *estate.Config
	templates map[string]*cfn.Template // by real path
	uses      map[string]int           // how many stacks still need a template
	commented map[string]bool          // files whose comments were read
	// assets are the files that a cloud assembly uploads, by the name under which
	// it does.
	assets map[string]string
	units  []*unit
	byID   map[string]*unit
	// accountNames gives the name of an account by its id.
	accountNames map[string]string
	open         []estate.OpenCondition
	failures     []error // of files that could not be read
	choices      []choice
	region       string // where nothing says which
	regionTold   bool
}

const defaultRegion = "us-east-1"

func newLoader(ctx context.Context, opts estate.LoadOptions) *loader {
	return &loader{
		ctx: ctx, opts: opts, b: estate.NewBuilder(), config: &estate.Config{},
		templates: map[string]*cfn.Template{}, uses: map[string]int{}, commented: map[string]bool{}, assets: map[string]string{}, byID: map[string]*unit{}, accountNames: map[string]string{}, region: defaultRegion,
	}
}

// loadFile loads one file: an estate file, a cloud assembly's manifest, or a
// template.
func (l *loader) loadFile(path string) error {
	base := filepath.Base(path)
	if base == manifestName && isAssembly(filepath.Dir(path)) {
		return l.loadAssembly(filepath.Dir(path))
	}
	data, err := readBounded(path)
	if err != nil {
		return l.fileError(path, err)
	}
	if isEstateFile(base, data) {
		return l.loadEstateFile(path, data)
	}
	t, err := l.parse(path, data)
	if err != nil {
		return err
	}
	if len(t.Resources) == 0 && t.Root.Get("Resources") == nil {
		return &cfn.Error{Pos: policy.Pos{File: l.relative(path)}, Message: "is not a CloudFormation template: it has no Resources section"}
	}
	return l.loadAlone([]found{{path: path, template: t}})
}

// isEstateFile tells an estate file from a template by its name, or by keys that
// no template has.
func isEstateFile(base string, data []byte) bool {
	if base == estatefile.Name || strings.HasSuffix(base, "."+estatefile.Name) {
		return true
	}
	text := "\n" + string(data)
	return strings.Contains(text, "\nversion:") && !strings.Contains(text, "\nResources:") &&
		(strings.Contains(text, "\naccounts:") || strings.Contains(text, "\nstacks:"))
}

// relative returns path relative to the root, with slashes.
func (l *loader) relative(path string) string {
	rel, err := filepath.Rel(l.root, path)
	if err != nil {
		rel = path
	}
	return filepath.ToSlash(rel)
}

// errTooLarge is why a file is not read.
var errTooLarge = errors.New("too large")

// readBounded reads a regular file that is not larger than a template may be.
func readBounded(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("is not a regular file")
	}
	if info.Size() > cfn.MaxTemplateBytes {
		return nil, fmt.Errorf("%w: it has %d MB, and at most %d MB are read", errTooLarge, info.Size()>>20, cfn.MaxTemplateBytes>>20)
	}
	return os.ReadFile(path)
}

// fileError says why a file cannot be read, with its name as reported.
func (l *loader) fileError(path string, err error) *cfn.Error {
	e := &cfn.Error{Pos: policy.Pos{File: l.relative(path)}}
	switch {
	case errors.Is(err, errTooLarge):
		e.Message = "is " + err.Error()
	case errors.Is(err, fs.ErrNotExist):
		e.Message = "does not exist"
	case errors.Is(err, fs.ErrPermission):
		e.Message, e.Hint = "cannot be read: permission denied", "let the user who runs twokey read it"
	default:
		var pe *fs.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		e.Message = "cannot be read: " + err.Error()
	}
	return e
}

// parse reads a template once, whichever stacks it is for.
func (l *loader) parse(path string, data []byte) (*cfn.Template, error) {
	key := realPath(path)
	if t := l.templates[key]; t != nil {
		return t, nil
	}
	t, err := cfn.Parse(l.relative(path), data)
	if err != nil {
		return nil, err
	}
	l.templates[key] = t
	return t, nil
}

// preload reads the templates of stacks whose turn is next, several at a time.
// What is wrong with one is said when its turn comes.
func (l *loader) preload(units []*unit) {
	var paths []string
	for _, u := range units {
		if real := realPath(u.path); u.template == nil && l.templates[real] == nil && !slices.Contains(paths, u.path) {
			paths = append(paths, u.path)
		}
	}
	read := make([]*cfn.Template, len(paths))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(paths)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(paths) && l.ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if data, err := readBounded(paths[i]); err == nil {
					read[i], _ = cfn.Parse(l.relative(paths[i]), data)
				}
			}
		})
	}
	wg.Wait()
	for i, t := range read {
		if t != nil {
			l.templates[realPath(paths[i])] = t
		}
	}
}

// template reads and parses the template at path.
func (l *loader) template(path string) (*cfn.Template, error) {
	if t := l.templates[realPath(path)]; t != nil {
		return t, nil
	}
	data, err := readBounded(path)
	if err != nil {
		return nil, l.fileError(path, err)
	}
	return l.parse(path, data)
}

func realPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return path
}

// finish resolves the stacks and builds the estate.
func (l *loader) finish() (*estate.Loaded, error) {
	if err := l.resolve(); err != nil {
		return nil, err
	}
	if !l.regionTold {
		for _, u := range l.units {
			if u.regionAssumed {
				l.b.Assume("stacks go into region " + l.region + ", since nothing says which")
				break
			}
		}
	}
	assignments, complete := l.assignments()
	return &estate.Loaded{
		Estate: l.b.Build(), Config: l.config, Root: l.root,
		Open: l.open, Assignments: assignments, Complete: complete,
	}, nil
}
