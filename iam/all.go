package iam

// Question is a request with the policies that bear on it.
type Question struct {
	Request  *Request
	Policies *Policies
}

// All explains requests that AWS authorises together, such as sts:AssumeRole with
// sts:TagSession, or an action with each of its resources: all must be allowed. The
// decision carries the reasons of all of them in order; its outcome is
// ExplicitDeny where one is explicitly denied, else ImplicitDeny where one is
// implicitly denied, else If where one is If. All of nothing is ImplicitDeny.
func All(qs ...Question) Decision {
	var out Decision
	outcomes := make([]Outcome, len(qs))
	for i, q := range qs {
		d := Explain(q.Request, q.Policies)
		outcomes[i] = d.Outcome
		out.Reasons = append(out.Reasons, d.Reasons...)
		out.Missing = append(out.Missing, d.Missing...)
		out.Residual = append(out.Residual, d.Residual...)
	}
	out.Outcome = together(outcomes...)
	return out
}

// DecideAll is the outcome of All without its reasons; it does not allocate.
func DecideAll(qs ...Question) Outcome {
	if len(qs) == 0 {
		return ImplicitDeny
	}
	out := Allow
	for _, q := range qs {
		out = worse(out, Decide(q.Request, q.Policies))
	}
	return out
}

func together(outcomes ...Outcome) Outcome {
	if len(outcomes) == 0 {
		return ImplicitDeny
	}
	out := Allow
	for _, o := range outcomes {
		out = worse(out, o)
	}
	return out
}

// worse returns the outcome of the two that decides for both.
func worse(a, b Outcome) Outcome {
	rank := [...]uint8{ImplicitDeny: 1, ExplicitDeny: 0, If: 2, Allow: 3}
	if rank[a] < rank[b] {
		return a
	}
	return b
}
