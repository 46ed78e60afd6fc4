package codepipeline

import (
	"strconv"

	"github.com/twokey/twokey/sandbox/cloud"
)

// The statuses of a job before its action ends.
const (
	jobCreated    = "Created"
	jobDispatched = "Dispatched"
)

func jobNotFound() *cloud.Error {
	return cloud.Errorf("JobNotFoundException", "The job could not be found.")
}

func invalidJobState(status string) *cloud.Error {
	return cloud.Errorf("InvalidJobStateException", "The job is in an invalid state: %s.", status)
}

// dispatch hands a job to a worker that polls. Each time it gets a new nonce, so
// that only the worker that was handed it last can acknowledge it.
type dispatch struct{ Execution, Action string }

func (e dispatch) apply(m *machine) error {
	_, a := m.job(e.Execution, e.Action)
	if a == nil || a.Status != inProgress || a.Job.Status != jobCreated && a.Job.Status != jobDispatched {
		return errStale
	}
	a = m.edit(e.Execution).action(e.Action)
	j := *a.Job
	if j.Status == jobDispatched {
		n, _ := strconv.Atoi(j.Nonce)
		j.Nonce = strconv.Itoa(n + 1)
	}
	j.Status = jobDispatched
	a.Job = &j
	return nil
}

// acknowledge is AcknowledgeJob.
type acknowledge struct{ Execution, Action, Nonce string }

func (e acknowledge) apply(m *machine) error {
	_, a := m.job(e.Execution, e.Action)
	switch {
	case a == nil:
		return jobNotFound()
	case a.Job.Nonce != e.Nonce:
		return cloud.Errorf("InvalidNonceException", "The nonce is not valid for the job.")
	case a.Status != inProgress || a.Job.Status == inProgress:
		return nil // its status is the answer
	}
	a = m.edit(e.Execution).action(e.Action)
	j := *a.Job
	j.Status = inProgress
	a.Job = &j
	return nil
}

// jobSuccess is PutJobSuccessResult, of a job that has ended or goes on.
type jobSuccess struct {
	Execution, Action string
	Continuation      string
	Done              actionDone
}

func (e jobSuccess) apply(m *machine) error {
	x, a := m.job(e.Execution, e.Action)
	if err := acceptsResult(a); err != nil {
		return err
	}
	if e.Continuation == "" {
		m.endAction(m.edit(x.ID), a.ID, e.Done)
		return nil
	}
	a = m.edit(e.Execution).action(e.Action)
	j := *a.Job
	j.Continuation = e.Continuation
	if a.Type.Owner == "AWS" {
		j.Reply = m.now.Add(lambdaReply)
	}
	a.Job, a.Updated = &j, m.now
	if e.Done.Summary != "" {
		a.Summary = e.Done.Summary
	}
	if e.Done.ExternalID != "" {
		a.ExternalID = e.Done.ExternalID
	}
	if e.Done.Percent != nil {
		a.Percent = e.Done.Percent
	}
	return nil
}

// jobFailure is PutJobFailureResult.
type jobFailure struct {
	Execution, Action string
	Done              actionDone
}

func (e jobFailure) apply(m *machine) error {
	x, a := m.job(e.Execution, e.Action)
	if err := acceptsResult(a); err != nil {
		return err
	}
	m.endAction(m.edit(x.ID), a.ID, e.Done)
	return nil
}

// ruleJob is the result of a job of a rule that a function does.
type ruleJob struct {
	Execution, Rule string
	Continuation    string
	Done            ruleDone
}

func (e ruleJob) apply(m *machine) error {
	x := m.find(e.Execution)
	if x == nil || x.rule(e.Rule) == nil || x.rule(e.Rule).Job == nil {
		return jobNotFound()
	}
	r := x.rule(e.Rule)
	if r.Status != inProgress {
		return invalidJobState(r.Job.Status)
	}
	if e.Continuation == "" {
		return e.Done.apply(m)
	}
	r = m.edit(e.Execution).rule(e.Rule)
	j := *r.Job
	j.Continuation = e.Continuation
	r.Job, r.Updated = &j, m.now
	return nil
}

// job finds the action behind a job.
func (m *machine) job(id, action string) (*execution, *actionRun) {
	x := m.find(id)
	if x == nil {
		return nil, nil
	}
	a := x.action(action)
	if a == nil || a.Job == nil {
		return x, nil
	}
	return x, a
}

// acceptsResult refuses the result of a job that nobody has acknowledged or that
// has ended.
func acceptsResult(a *actionRun) error {
	if a == nil {
		return jobNotFound()
	}
	if a.Status != inProgress || a.Job.Status != inProgress {
		return invalidJobState(a.Job.Status)
	}
	return nil
}
