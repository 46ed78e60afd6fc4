package condition

import "strings"

type base uint8

const (
	badOperator base = iota
	stringOperator
	stringFoldOperator
	stringLikeOperator
	numericOperator
	dateOperator
	boolOperator
	binaryOperator
	ipOperator
	arnOperator
	nullOperator
)

// relation is how an ordered operator compares the request's value with the policy's.
type relation uint8

const (
	equal relation = iota
	less
	lessOrEqual
	greater
	greaterOrEqual
)

func (r relation) holds(cmp int) bool {
	switch r {
	case less:
		return cmp < 0
	case lessOrEqual:
		return cmp <= 0
	case greater:
		return cmp > 0
	case greaterOrEqual:
		return cmp >= 0
	}
	return cmp == 0
}

type quantifier uint8

const (
	single quantifier = iota
	forAll
	forAny
)

type operator struct {
	base     base
	relation relation
	negated  bool
	ifExists bool
	set      quantifier
}

var operators = map[string]operator{
	"stringequals":              {base: stringOperator},
	"stringnotequals":           {base: stringOperator, negated: true},
	"stringequalsignorecase":    {base: stringFoldOperator},
	"stringnotequalsignorecase": {base: stringFoldOperator, negated: true},
	"stringlike":                {base: stringLikeOperator},
	"stringnotlike":             {base: stringLikeOperator, negated: true},
	"numericequals":             {base: numericOperator},
	"numericnotequals":          {base: numericOperator, negated: true},
	"numericlessthan":           {base: numericOperator, relation: less},
	"numericlessthanequals":     {base: numericOperator, relation: lessOrEqual},
	"numericgreaterthan":        {base: numericOperator, relation: greater},
	"numericgreaterthanequals":  {base: numericOperator, relation: greaterOrEqual},
	"dateequals":                {base: dateOperator},
	"datenotequals":             {base: dateOperator, negated: true},
	"datelessthan":              {base: dateOperator, relation: less},
	"datelessthanequals":        {base: dateOperator, relation: lessOrEqual},
	"dategreaterthan":           {base: dateOperator, relation: greater},
	"dategreaterthanequals":     {base: dateOperator, relation: greaterOrEqual},
	"bool":                      {base: boolOperator},
	"binaryequals":              {base: binaryOperator},
	"ipaddress":                 {base: ipOperator},
	"notipaddress":              {base: ipOperator, negated: true},
	"arnequals":                 {base: arnOperator},
	"arnlike":                   {base: arnOperator},
	"arnnotequals":              {base: arnOperator, negated: true},
	"arnnotlike":                {base: arnOperator, negated: true},
	"null":                      {base: nullOperator},
}

// parseOperator reads an operator with its modifiers, in any case. An operator
// that AWS does not know has the base badOperator.
func parseOperator(name string) operator {
	s := strings.ToLower(name)
	set := single
	if rest, ok := strings.CutPrefix(s, "forallvalues:"); ok {
		s, set = rest, forAll
	} else if rest, ok := strings.CutPrefix(s, "foranyvalue:"); ok {
		s, set = rest, forAny
	}
	s, ifExists := strings.CutSuffix(s, "ifexists")
	op := operators[s]
	if op.base == nullOperator && (set != single || ifExists) {
		return operator{}
	}
	op.set, op.ifExists = set, ifExists
	return op
}

// KnownOperator reports whether name is a condition operator of IAM, with or
// without modifiers.
func KnownOperator(name string) bool { return parseOperator(name).base != badOperator }
