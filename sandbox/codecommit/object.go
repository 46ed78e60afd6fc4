package codecommit

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Objects are those of git ("Git Internals - Git Objects"): a header of kind and
// size, a zero byte, the content; the id is the SHA-1 of it all. They are kept as
// they are, not compressed.

var objectID = regexp.MustCompile(`^[0-9a-f]{40}$`)

// The modes of tree entries.
const (
	modeNormal     = "100644"
	modeExecutable = "100755"
	modeLink       = "120000"
	modeTree       = "40000"
)

// entry is a file of a tree.
type entry struct{ Mode, ID string }

func encode(kind string, content []byte) (id string, object []byte) {
	object = append([]byte(kind+" "+strconv.Itoa(len(content))+"\x00"), content...)
	sum := sha1.Sum(object)
	return hex.EncodeToString(sum[:]), object
}

func (s *service) write(repo, kind string, content []byte) (string, error) {
	id, object := encode(kind, content)
	return id, s.objects.Put(repo+"/"+id, object)
}

var errNoObject = errors.New("no such object")

func (s *service) read(repo, kind, id string) ([]byte, error) {
	if !objectID.MatchString(id) {
		return nil, errNoObject
	}
	object, err := s.objects.Get(repo + "/" + id)
	if err != nil {
		return nil, errNoObject
	}
	header, content, _ := bytes.Cut(object, []byte{0})
	if have, _, _ := strings.Cut(string(header), " "); have != kind {
		return nil, errNoObject
	}
	return content, nil
}

// readTree reads one level of a tree.
func (s *service) readTree(repo, id string) (map[string]entry, error) {
	data, err := s.read(repo, "tree", id)
	if err != nil {
		return nil, err
	}
	out := map[string]entry{}
	for len(data) > 0 {
		head, rest, ok := bytes.Cut(data, []byte{0})
		mode, name, named := strings.Cut(string(head), " ")
		if !ok || !named || len(rest) < sha1.Size {
			return nil, fmt.Errorf("the tree %s is damaged", id)
		}
		out[name] = entry{mode, hex.EncodeToString(rest[:sha1.Size])}
		data = rest[sha1.Size:]
	}
	return out, nil
}

// maxTreeFiles bounds the files of a commit.
const maxTreeFiles = 100_000

// files reads all files beneath a tree, by their paths.
func (s *service) files(repo, tree string) (map[string]entry, error) {
	out := map[string]entry{}
	return out, s.filesInto(out, repo, tree, "")
}

func (s *service) filesInto(out map[string]entry, repo, tree, prefix string) error {
	level, err := s.readTree(repo, tree)
	if err != nil {
		return err
	}
	for name, e := range level {
		if e.Mode == modeTree {
			if err := s.filesInto(out, repo, e.ID, prefix+name+"/"); err != nil {
				return err
			}
			continue
		}
		if out[prefix+name] = e; len(out) > maxTreeFiles {
			return fmt.Errorf("the commit has over %d files", maxTreeFiles)
		}
	}
	return nil
}

// writeTree writes the trees of files and returns the id of the uppermost.
func (s *service) writeTree(repo string, files map[string]entry) (string, error) {
	level := map[string]entry{}
	below := map[string]map[string]entry{}
	for path, e := range files {
		dir, rest, nested := strings.Cut(path, "/")
		if !nested {
			level[path] = e
			continue
		}
		if below[dir] == nil {
			below[dir] = map[string]entry{}
		}
		below[dir][rest] = e
	}
	for dir, files := range below {
		id, err := s.writeTree(repo, files)
		if err != nil {
			return "", err
		}
		level[dir] = entry{modeTree, id}
	}
	return s.write(repo, "tree", treeContent(level))
}

// treeContent writes one level: its entries by name, where folders sort as if a
// slash followed.
func treeContent(level map[string]entry) []byte {
	names := make([]string, 0, len(level))
	for name := range level {
		names = append(names, name)
	}
	key := func(name string) string {
		if level[name].Mode == modeTree {
			return name + "/"
		}
		return name
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(key(a), key(b)) })
	var b bytes.Buffer
	for _, name := range names {
		b.WriteString(level[name].Mode + " " + name + "\x00")
		id, _ := hex.DecodeString(level[name].ID) // checked where it came from
		b.Write(id)
	}
	return b.Bytes()
}

// commit is a commit object.
type commit struct {
	Tree              string
	Parents           []string
	Author, Committer person
	Message           string
}

type person struct{ Name, Email, Date string } // Date: seconds and zone

// signature is a person as git writes one: without what would end a line or the
// address.
func (p person) signature() string {
	clean := strings.NewReplacer("<", "", ">", "", "\n", " ", "\x00", "")
	return clean.Replace(p.Name) + " <" + clean.Replace(p.Email) + "> " + p.Date
}

func gitDate(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) + " +0000" }

func (k *commit) content() []byte {
	var b strings.Builder
	b.WriteString("tree " + k.Tree + "\n")
	for _, p := range k.Parents {
		b.WriteString("parent " + p + "\n")
	}
	b.WriteString("author " + k.Author.signature() + "\ncommitter " + k.Committer.signature() + "\n\n")
	b.WriteString(strings.ReplaceAll(k.Message, "\x00", ""))
	return []byte(b.String())
}

func (s *service) readCommit(repo, id string) (*commit, error) {
	data, err := s.read(repo, "commit", id)
	if err != nil {
		return nil, err
	}
	head, message, _ := strings.Cut(string(data), "\n\n")
	k := &commit{Message: message}
	for _, line := range strings.Split(head, "\n") {
		name, text, _ := strings.Cut(line, " ")
		switch name {
		case "tree":
			k.Tree = text
		case "parent":
			k.Parents = append(k.Parents, text)
		case "author":
			k.Author = parsePerson(text)
		case "committer":
			k.Committer = parsePerson(text)
		}
	}
	return k, nil
}

func parsePerson(text string) person {
	name, rest, _ := strings.Cut(text, " <")
	email, date, _ := strings.Cut(rest, "> ")
	return person{name, email, date}
}
