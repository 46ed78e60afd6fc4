package harden

import (
	"github.com/twokey/twokey/finding"
)

// describe makes the description of a rule for everyone that works on templates.
func describe(id, name string, severity finding.Severity, title string, controls ...string) finding.Rule {
	return finding.Rule{
		ID: id, Name: name, Severity: severity, Title: title,
		Persona: finding.Regular, Evidence: finding.FromTemplate, Controls: controls,
	}
}

// graded adds when a rule reports less than its severity.
func graded(r finding.Rule, grades string) finding.Rule {
	r.Grades = grades
	return r
}

// fromLive marks a rule as one that says nothing of templates.
func fromLive(r finding.Rule) finding.Rule {
	r.Evidence = finding.FromLive
	return r
}

// registry is the catalogue, in order of id.
var registry = []rule{
	// Roles of the pipeline.
	cp101, cp102, cp103, cp105, cp106, cp107, cp108, cp109, cp110, cp111, cp112, cp113,
	// Artifact bucket and key.
	cp201, cp202, cp203, cp204, cp205, cp206, cp207, cp208, cp209, cp210, cp211, cp213, cp214,
	// Source and trigger.
	cp301, cp302, cp303, cp305, cp306, cp307, cp310,
	// Build.
	cp401, cp402, cp403, cp404, cp405, cp407, cp408, cp410,
	// Gates and approvers.
	cp501, cp502, cp503, cp504, cp505, cp506, cp507, cp508, cp509, cp510, cp512, cp514, cp515,
	// Deploy roles and other accounts.
	cp601, cp602, cp603, cp604, cp605, cp606, cp607, cp608, cp609, cp610, cp611, cp612,
	// Evidence, notification, definition.
	cp701, cp702, cp703, cp705, cp708, cp709, cp710, cp714, cp715,
}
