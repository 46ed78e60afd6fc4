package codepipeline

import (
	"github.com/twokey/twokey/sandbox/cloud"
)

// gates checks a stage's gates in front of its actions.
func (k *checker) gates(s *StageDeclaration) error {
	if s.BeforeEntry != nil {
		for _, c := range s.BeforeEntry.Conditions {
			if c.Result != "FAIL" && c.Result != "SKIP" {
				return invalidStage("The entry condition of stage '%s' must have the result FAIL or SKIP", s.Name)
			}
			if err := k.rules(s, c, c.Result == "SKIP"); err != nil {
				return err
			}
		}
	}
	f := s.OnFailure
	if f == nil {
		return nil
	}
	retries := f.RetryConfiguration != nil && f.RetryConfiguration.RetryMode != ""
	switch {
	case f.Result != "" && len(f.Conditions) > 0:
		return invalidStage("The following stage cannot have a failure exit gate configured with both top level result and conditions: '%s", s.Name)
	case f.Result == "" && len(f.Conditions) == 0:
		return invalidStage("The failure exit gate of stage '%s' must have a result or conditions", s.Name)
	case retries && f.Result != "RETRY":
		return invalidStage("The failure exit gate of stage '%s' can have a retry configuration only with the result RETRY", s.Name)
	case f.Result == "ROLLBACK" && mode(k.def) == modeParallel, len(f.Conditions) > 0 && f.Conditions[0].Result == "ROLLBACK" && mode(k.def) == modeParallel:
		return invalidStage("Failure conditions with rollback result type cannot be added to a PARALLEL pipeline.")
	case f.Result == "ROLLBACK" && s == k.def.Stages[0], len(f.Conditions) > 0 && f.Conditions[0].Result == "ROLLBACK" && s == k.def.Stages[0]:
		return invalidStage("The source stage '%s' cannot have a failure exit gate with a rollback", s.Name)
	}
	return nil
}

// later checks the gates behind a stage's actions, which may use their variables.
func (k *checker) later(s *StageDeclaration) error {
	if s.OnSuccess != nil {
		for _, c := range s.OnSuccess.Conditions {
			if c.Result != "ROLLBACK" && c.Result != "FAIL" {
				return invalidStage("The success condition of stage '%s' must have the result ROLLBACK or FAIL", s.Name)
			}
			if c.Result == "ROLLBACK" && (mode(k.def) == modeParallel || s == k.def.Stages[0]) {
				return invalidStage("The success condition of stage '%s' cannot have the result ROLLBACK", s.Name)
			}
			if err := k.rules(s, c, false); err != nil {
				return err
			}
		}
	}
	if s.OnFailure != nil {
		for _, c := range s.OnFailure.Conditions {
			if c.Result != "ROLLBACK" && c.Result != "FAIL" {
				return invalidStage("The failure condition of stage '%s' must have the result ROLLBACK or FAIL", s.Name)
			}
			if err := k.rules(s, c, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// rules checks the rules of a condition. A condition that skips a stage may only
// look at variables and ask functions.
func (k *checker) rules(s *StageDeclaration, c *Condition, skips bool) error {
	if len(c.Rules) == 0 {
		return invalidStage("The conditions of stage '%s' must have at least one rule", s.Name)
	}
	names := map[string]bool{}
	for _, r := range c.Rules {
		if names[r.Name] {
			return invalidStage("Rule name '%s' is used more than once in a condition of stage '%s'", r.Name, s.Name)
		}
		names[r.Name] = true
		t := findRuleType(r.RuleTypeId)
		switch {
		case t == nil:
			return invalidStage("RuleType (Provider: '%s', Version: '%s') in rule '%s' is not available in region '%s'", r.RuleTypeId.Provider, r.RuleTypeId.Version, r.Name, javaRegion(k.region))
		case skips && t.Provider != "LambdaInvoke" && t.Provider != "VariableCheck":
			return invalidStage("The rule '%s' of stage '%s' cannot be used with the result SKIP: only LambdaInvoke and VariableCheck can", r.Name, s.Name)
		case t.Provider == "Commands" && len(r.Commands) == 0:
			return invalidStage("Rule %s must have a non-empty commands field", r.Name)
		}
		if err := k.rule(s, r, t); err != nil {
			return err
		}
	}
	return nil
}

func (k *checker) rule(s *StageDeclaration, r *RuleDeclaration, t *builtin) error {
	for _, key := range t.Required {
		if r.Configuration[key] == "" {
			return invalidStage("Rule configuration for rule '%s' is missing required configuration '%s'", r.Name, key)
		}
	}
	switch t.Provider {
	case "VariableCheck":
		switch r.Configuration["Operator"] {
		case "EQ", "NE", "CONTAINS", "MATCHES":
		default:
			return invalidStage("The operator of rule '%s' must be one of EQ, NE, CONTAINS, MATCHES", r.Name)
		}
	case "DeploymentWindow":
		if _, err := parseWindow(r.Configuration["Cron"], r.Configuration["TimeZone"]); err != nil {
			return invalidStage("The deployment window of rule '%s' is invalid: %s", r.Name, err.Error())
		}
	}
	for _, in := range r.InputArtifacts {
		if !k.produced[in.Name] {
			return invalidStage("Input artifact %s of rule %s in stage %s is not an output of a preceding action", in.Name, r.Name, s.Name)
		}
	}
	texts := make([]string, 0, len(r.Configuration))
	for _, v := range r.Configuration {
		texts = append(texts, v)
	}
	if err := k.references(r.Name, texts, k.namespaces); err != nil {
		e := *err.(*cloud.Error)
		e.Code = "InvalidStageDeclarationException"
		return &e
	}
	return nil
}
