package policy

// Parse reads a policy document from JSON. name becomes Pos.File. Invalid JSON is
// an error; what is wrong with the policy itself is in Document.Problems.
func Parse(name string, data []byte) (*Document, error) {
	n, err := ParseNode(name, data)
	if err != nil {
		return nil, err
	}
	return FromNode(n), nil
}
