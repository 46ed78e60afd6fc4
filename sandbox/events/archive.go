package events

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/cloud/pattern"
	"github.com/twokey/twokey/sandbox/wire"
)

// archive keeps the events of a bus that match its pattern.
type archive struct {
	Account, Region, Name, ARN string
	Bus                        string // ARN
	Text                       string // description
	Pattern                    string
	Days                       int64 // of retention; 0 for ever
	Created                    time.Time
}

// archived is one event kept.
type archived struct {
	Event cloud.Event
	At    time.Time
	Size  int64
}

type compiledArchive struct {
	archive archive
	pattern *pattern.Pattern // nil: everything
}

// compile reads the archive's pattern. One that cannot be read, which cannot have
// been stored, keeps nothing.
func (a archive) compile() (compiledArchive, error) {
	if a.Pattern == "" {
		return compiledArchive{archive: a}, nil
	}
	p, err := pattern.Parse([]byte(a.Pattern))
	return compiledArchive{a, p}, err
}

func archiveARN(c *cloud.Call, name string) string {
	return prefix(c.Region, c.Account) + "archive/" + name
}

func (s *service) archiveOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[CreateArchiveRequest, CreateArchiveResponse]{Name: "CreateArchive", Auth: func(c *cloud.Call, in *CreateArchiveRequest) ([]cloud.Check, error) {
			full, err := busOf(c, in.EventSourceArn)
			return []cloud.Check{{Action: "events:CreateArchive", Resource: archiveARN(c, in.ArchiveName)}, {Action: "events:CreateArchive", Resource: full}}, err
		}, Do: s.createArchive}.Operation(),
		onArchive(s, "DescribeArchive", func(in *DescribeArchiveRequest) string { return in.ArchiveName }, func(c *cloud.Call, a archive, _ *DescribeArchiveRequest) (*DescribeArchiveResponse, error) {
			n, size := s.tally(a, c.Time)
			return &DescribeArchiveResponse{ArchiveArn: a.ARN, ArchiveName: a.Name, EventSourceArn: a.Bus, Description: a.Text, EventPattern: a.Pattern, State: enabled,
				RetentionDays: &a.Days, SizeBytes: &size, EventCount: &n, CreationTime: wire.At(a.Created)}, nil
		}),
		onArchive(s, "UpdateArchive", func(in *UpdateArchiveRequest) string { return in.ArchiveName }, s.updateArchive),
		onArchive(s, "DeleteArchive", func(in *DeleteArchiveRequest) string { return in.ArchiveName }, func(_ *cloud.Call, a archive, _ *DeleteArchiveRequest) (*DeleteArchiveResponse, error) {
			defer s.changed()
			return nil, errors.Join(s.archives.Delete(a.ARN), s.forget(a, func(archived) bool { return true }))
		}),
		wire.Op[ListArchivesRequest, ListArchivesResponse]{Name: "ListArchives", Do: s.listArchives}.Operation(),
	}
}

func onArchive[In, Out any](s *service, name string, which func(in *In) string, do func(c *cloud.Call, a archive, in *In) (*Out, error)) wire.Operation {
	return wire.Op[In, Out]{Name: name, Auth: func(c *cloud.Call, in *In) ([]cloud.Check, error) {
		return []cloud.Check{{Action: "events:" + name, Resource: archiveARN(c, which(in))}}, nil
	}, Do: func(c *cloud.Call, in *In) (*Out, error) {
		a, ok := s.archives.Get(archiveARN(c, which(in)))
		if !ok {
			return nil, notFound("Archive %s does not exist.", which(in))
		}
		return do(c, a, in)
	}}.Operation()
}

func (s *service) createArchive(c *cloud.Call, in *CreateArchiveRequest) (*CreateArchiveResponse, error) {
	if in.KmsKeyIdentifier != "" {
		return nil, cloud.NotImplemented("KMS keys of archives")
	}
	full, err := busOf(c, in.EventSourceArn)
	if err != nil {
		return nil, err
	}
	if _, err := s.bus(full); err != nil {
		return nil, err
	}
	a := archive{Account: c.Account, Region: c.Region, Name: in.ArchiveName, ARN: archiveARN(c, in.ArchiveName), Bus: full, Text: in.Description, Pattern: in.EventPattern, Created: c.Time}
	if in.RetentionDays != nil {
		a.Days = *in.RetentionDays
	}
	if err := checkArchivePattern(a.Pattern); err != nil {
		return nil, err
	}
	_, err = s.archives.Update(a.ARN, func(old archive, exists bool) (archive, error) {
		if exists {
			return old, cloud.Errorf("ResourceAlreadyExistsException", "Archive %s already exists.", a.Name)
		}
		return a, nil
	})
	s.changed()
	return &CreateArchiveResponse{ArchiveArn: a.ARN, State: enabled, CreationTime: wire.At(a.Created)}, err
}

func checkArchivePattern(text string) error {
	if text == "" {
		return nil
	}
	if _, err := pattern.Parse([]byte(text)); err != nil {
		return badPattern(err)
	}
	return nil
}

func (s *service) updateArchive(_ *cloud.Call, a archive, in *UpdateArchiveRequest) (*UpdateArchiveResponse, error) {
	if in.KmsKeyIdentifier != "" {
		return nil, cloud.NotImplemented("KMS keys of archives")
	}
	if err := checkArchivePattern(in.EventPattern); err != nil {
		return nil, err
	}
	_, err := s.archives.Update(a.ARN, func(a archive, ok bool) (archive, error) {
		if !ok {
			return a, notFound("Archive %s does not exist.", in.ArchiveName)
		}
		if in.Description != "" {
			a.Text = in.Description
		}
		if in.EventPattern != "" {
			a.Pattern = in.EventPattern
		}
		if in.RetentionDays != nil {
			a.Days = *in.RetentionDays
		}
		return a, nil
	})
	s.changed()
	return &UpdateArchiveResponse{ArchiveArn: a.ARN, State: enabled, CreationTime: wire.At(a.Created)}, err
}

func (s *service) listArchives(c *cloud.Call, in *ListArchivesRequest) (*ListArchivesResponse, error) {
	all := s.archives.Select(func(_ string, a archive) bool {
		return a.Account == c.Account && a.Region == c.Region && strings.HasPrefix(a.Name, in.NamePrefix) &&
			(in.EventSourceArn == "" || a.Bus == in.EventSourceArn) && (in.State == "" || in.State == enabled)
	})
	part, next := page(all, func(a archive) string { return a.Name }, in.NextToken, in.Limit)
	out := &ListArchivesResponse{Archives: []*Archive{}, NextToken: next}
	for _, a := range part {
		n, size := s.tally(a, c.Time)
		out.Archives = append(out.Archives, &Archive{ArchiveName: a.Name, EventSourceArn: a.Bus, State: enabled, RetentionDays: &a.Days, SizeBytes: &size, EventCount: &n, CreationTime: wire.At(a.Created)})
	}
	return out, nil
}

// keep puts an event into an archive.
func (s *service) keep(a archive, h *heard) error {
	key := fmt.Sprintf("%s|%020d|%s", a.ARN, h.at.UnixNano(), h.event.ID)
	return s.archived.Put(key, archived{Event: h.event, At: h.at, Size: int64(len(h.text))})
}

// tally counts the events that an archive still retains, and forgets the others.
func (s *service) tally(a archive, now time.Time) (n, size int64) {
	if a.Days > 0 {
		oldest := now.AddDate(0, 0, -int(a.Days))
		// A journal that fails is told of by the call's own flush.
		_ = s.forget(a, func(e archived) bool { return e.At.Before(oldest) })
	}
	for _, e := range s.archived.Select(func(k string, _ archived) bool { return strings.HasPrefix(k, a.ARN+"|") }) {
		n++
		size += e.Size
	}
	return n, size
}

func (s *service) forget(a archive, which func(archived) bool) error {
	for _, k := range s.archived.Keys(func(k string) bool { return strings.HasPrefix(k, a.ARN+"|") }) {
		if e, ok := s.archived.Get(k); ok && which(e) {
			if err := s.archived.Delete(k); err != nil {
				return err
			}
		}
	}
	return nil
}
