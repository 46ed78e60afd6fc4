package cfn

import (
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"

	"github.com/twokey/twokey/iam/policy"
)

// extension reports a function of AWS::LanguageExtensions that is used without
// the transform, which CloudFormation refuses; nil where it is there.
func (r *resolver) extension(fn string, pos policy.Pos) *policy.Node {
	if r.t.HasTransform(TransformLanguageExtensions) {
		return nil
	}
	return r.malformed(pos, fn, "needs the transform "+TransformLanguageExtensions)
}

func (r *resolver) fnLength(arg *policy.Node, pos policy.Pos) *policy.Node {
	if n := r.extension("Fn::Length", pos); n != nil {
		return n
	}
	list, instead := r.list(arg, "Fn::Length")
	if instead != nil {
		return r.wrong(pos, instead.Reason)
	}
	for _, item := range list.Items {
		if r.vague[item] {
			return r.wrong(pos, item.Reason)
		}
	}
	return &policy.Node{Kind: policy.Number, Text: strconv.Itoa(len(list.Items)), Pos: pos}
}

// fnToJSONString writes members in source order. What is unknown leaves a hole.
func (r *resolver) fnToJSONString(arg *policy.Node, pos policy.Pos) *policy.Node {
	if n := r.extension("Fn::ToJsonString", pos); n != nil {
		return n
	}
	v := r.resolve(arg)
	if v.Kind != policy.Map && v.Kind != policy.List && v.Kind != policy.Unknown {
		return r.malformed(pos, "Fn::ToJsonString", "takes a map or a list, and this is "+kindWord(v.Kind))
	}
	var b strings.Builder
	reason := ""
	r.writeJSON(&b, v, &reason)
	return r.composed(b.String(), reason, pos)
}

func (r *resolver) writeJSON(b *strings.Builder, n *policy.Node, reason *string) {
	switch n.Kind {
	case policy.Null:
		b.WriteString("null")
	case policy.Bool, policy.Number:
		b.WriteString(n.Text)
	case policy.String:
		b.WriteByte('"')
		for i, run := range strings.Split(n.Text, policy.Hole) {
			if i > 0 {
				b.WriteString(policy.Hole)
			}
			b.WriteString(jsonText(run))
		}
		b.WriteByte('"')
		*reason = joinReasons(*reason, n.Reason)
	case policy.List:
		b.WriteByte('[')
		due := false // a comma is due before the next member
		for _, item := range n.Items {
			if due && !r.vague[item] {
				b.WriteByte(',')
			}
			r.writeJSON(b, item, reason)
			due = !r.vague[item]
		}
		b.WriteByte(']')
	case policy.Map:
		b.WriteByte('{')
		due := false
		for _, e := range n.Entries {
			if r.vague[e.Value] { // the member may be absent
				r.writeJSON(b, e.Value, reason)
				due = false
				continue
			}
			if due {
				b.WriteByte(',')
			}
			b.WriteString(`"` + jsonText(e.Key) + `":`)
			r.writeJSON(b, e.Value, reason)
			due = true
		}
		b.WriteByte('}')
	default:
		b.WriteString(policy.Hole)
		*reason = joinReasons(*reason, n.Reason)
	}
}

// jsonText is s as it stands between the quotes of a JSON string.
func jsonText(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return ""
	}
	quoted := strings.TrimSuffix(b.String(), "\n")
	return quoted[1 : len(quoted)-1]
}

// fnCidr is Fn::Cidr: [block, count, bits], count blocks of 2^bits addresses
// from the start of the block.
func (r *resolver) fnCidr(arg *policy.Node, pos policy.Pos) *policy.Node {
	const fn = "Fn::Cidr"
	if arg.Kind != policy.List || len(arg.Items) < 2 || len(arg.Items) > 3 {
		return r.malformed(pos, fn, "takes an address block, a count and a number of bits")
	}
	var texts [3]string
	for i, item := range arg.Items {
		v := r.resolve(item)
		text, ok := v.Scalar()
		switch {
		case v.IsUnknown(), strings.Contains(text, policy.Hole):
			return r.vaguely(r.wrong(pos, v.Reason))
		case !ok:
			return r.malformed(pos, fn, "takes an address block, a count and a number of bits")
		}
		texts[i] = text
	}
	if len(arg.Items) == 2 {
		return r.vaguely(r.unknown(pos, fn+" without bits", "what CloudFormation takes for the number of bits is not documented"))
	}
	block, err := netip.ParsePrefix(texts[0])
	if err != nil {
		return r.malformed(pos, fn, "takes an address block, and "+texts[0]+" is none")
	}
	count, err := strconv.Atoi(texts[1])
	if err != nil || count < 1 || count > 256 {
		return r.malformed(pos, fn, "takes a count from 1 to 256")
	}
	bits, err := strconv.Atoi(texts[2])
	length := block.Addr().BitLen() - bits
	if err != nil || bits < 1 || length < block.Bits() {
		return r.malformed(pos, fn, "takes a number of bits that fits the block")
	}
	n := &policy.Node{Kind: policy.List, Pos: pos}
	next := netip.PrefixFrom(block.Masked().Addr(), length)
	for range count {
		if !next.IsValid() || !block.Contains(next.Addr()) {
			return r.malformed(pos, fn, "asks for more blocks than "+texts[0]+" holds")
		}
		n.Items = append(n.Items, &policy.Node{Kind: policy.String, Text: next.String(), Pos: pos})
		next = following(next)
	}
	return n
}

// following is the block of the same size behind p; invalid behind the last.
func following(p netip.Prefix) netip.Prefix {
	raw := p.Addr().AsSlice()
	bit := p.Bits() - 1
	for at := bit / 8; at >= 0; at-- {
		step := byte(1)
		if at == bit/8 {
			step = 1 << (7 - bit%8)
		}
		raw[at] += step
		if raw[at] >= step {
			addr, _ := netip.AddrFromSlice(raw)
			return netip.PrefixFrom(addr, p.Bits())
		}
	}
	return netip.Prefix{}
}
