package codepipeline

import (
	"fmt"
	"time"
)

// The gates of a stage.
const (
	gateEntry   = "BEFORE_ENTRY"
	gateSuccess = "ON_SUCCESS"
	gateFailure = "ON_FAILURE"
)

func (r *stageRun) condition(gate string) **conditionRun {
	switch gate {
	case gateEntry:
		return &r.Entry
	case gateSuccess:
		return &r.Success
	}
	return &r.Failure
}

// gate begins or goes on with the check of a condition and returns its status.
// A condition succeeds when all of its rules do and fails with the first that
// fails once all have ended.
func (m *machine) gate(x *execution, stage, gate string, c *Condition) (status string, moved bool) {
	cond := *x.stage(stage).condition(gate)
	if cond == nil {
		m.startRules(m.edit(x.ID), stage, gate, c)
		return inProgress, true
	}
	if cond.Status != inProgress {
		return cond.Status, false
	}
	verdict := succeeded
	for _, id := range cond.Rules {
		switch r := x.rule(id); r.Status {
		case inProgress:
			return inProgress, false
		case failed, abandoned:
			verdict = failed
		}
	}
	cond = *m.edit(x.ID).stage(stage).condition(gate)
	cond.Status, cond.Changed = verdict, m.now
	return verdict, true
}

// ruleTimeout is the time a rule has where timeoutInMinutes says nothing.
const ruleTimeout = time.Hour

func (m *machine) startRules(x *execution, stage, gate string, c *Condition) {
	cond := &conditionRun{Status: inProgress, Changed: m.now}
	for _, d := range c.Rules {
		attempt := 1
		for _, r := range x.Rules {
			if r.Stage == stage && r.Gate == gate && r.Name == d.Name {
				attempt++
			}
		}
		purpose := fmt.Sprintf("%s|%s|%s|%d", stage, gate, d.Name, attempt)
		limit := ruleTimeout
		if d.TimeoutInMinutes != nil {
			limit = time.Duration(*d.TimeoutInMinutes) * time.Minute
		}
		r := ruleRun{
			ID: x.uuid("rule|" + purpose), Stage: stage, Gate: gate, Name: d.Name, Status: inProgress,
			Started: m.now, Updated: m.now, Deadline: m.now.Add(limit), Type: *d.RuleTypeId,
			Role: d.RoleArn, Region: d.Region, Configuration: d.Configuration, Commands: d.Commands,
		}
		if r.Region == "" {
			r.Region = m.state.Pipeline.Region
		}
		cond.Rules = append(cond.Rules, r.ID)
		resolved, err := resolveAll(d.Configuration, m.scope(x, stage, 1000))
		r.Resolved = resolved
		for _, in := range d.InputArtifacts {
			a, ok := x.Artifacts[in.Name]
			if !ok && err == nil {
				err = fmt.Errorf("the input artifact %s has not been produced", in.Name)
			}
			r.Inputs = append(r.Inputs, a)
		}
		if err != nil {
			r.Status, r.ErrorCode, r.Error = failed, "ConfigurationError", err.Error()
		} else {
			r.Job = &job{ID: x.uuid("rule job|" + purpose), Nonce: "1", Status: "InProgress"}
			m.do(startRule{x.ID, r.ID})
		}
		x.Rules = append(x.Rules, r)
	}
	*x.stage(stage).condition(gate) = cond
}

// dropRules abandons the rules of a stage that are in progress.
func (m *machine) dropRules(x *execution, stage string) {
	for i := range x.Rules {
		if r := &x.Rules[i]; r.Stage == stage && r.Status == inProgress {
			r.Status, r.Updated = abandoned, m.now
			m.do(endRule{r.ID})
		}
	}
	run := x.stage(stage)
	for _, gate := range []string{gateEntry, gateSuccess, gateFailure} {
		if c := *run.condition(gate); c != nil && c.Status == inProgress {
			c.Status, c.Changed = abandoned, m.now
		}
	}
}

// ruleDone is the answer of a rule's provider.
type ruleDone struct {
	Execution, Rule string
	Passed          bool
	Code, Message   string
	ExternalID, URL string
}

func (e ruleDone) apply(m *machine) error {
	x := m.find(e.Execution)
	if x == nil || x.rule(e.Rule) == nil || x.rule(e.Rule).Status != inProgress {
		return errStale
	}
	x = m.edit(e.Execution)
	r := x.rule(e.Rule)
	r.Updated, r.Status, r.Summary = m.now, succeeded, e.Message
	if !e.Passed {
		r.Status, r.ErrorCode, r.Error = failed, e.Code, e.Message
	}
	if e.ExternalID != "" {
		r.ExternalID, r.URL = e.ExternalID, e.URL
	}
	if r.Job != nil {
		j := *r.Job
		j.Status = succeeded
		if !e.Passed {
			j.Status = failed
		}
		r.Job = &j
	}
	m.do(endRule{r.ID})
	return nil
}

// ruleBegun notes that a rule's provider was called.
type ruleBegun struct {
	Execution, Rule, ExternalID string
	Restarted                   bool
}

func (e ruleBegun) apply(m *machine) error {
	x := m.find(e.Execution)
	if x == nil || x.rule(e.Rule) == nil || x.rule(e.Rule).Status != inProgress {
		return errStale
	}
	r := m.edit(e.Execution).rule(e.Rule)
	r.Begun = true
	if e.ExternalID != "" {
		r.ExternalID = e.ExternalID
	}
	if e.Restarted {
		r.Restarts++
	}
	return nil
}
