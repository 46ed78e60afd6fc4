package pattern

import "testing"

// Patterns, events and outcomes follow the EventBridge user guide, "Comparison
// operators for use in event patterns" and "Creating event patterns".
func TestMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, event string
		want           bool
	}{
		{`{"source":["aws.ec2"]}`, `{"source":"aws.ec2"}`, true},
		{`{"source":["aws.ec2"]}`, `{"source":"aws.ec"}`, false},
		{`{"source":["aws.ec2","aws.s3"],"a":{"b":[1]}}`, `{"source":"aws.s3","a":{"b":1}}`, true},
		{`{"source":["aws.ec2"],"a":{"b":[1]}}`, `{"source":"aws.ec2"}`, false},
		{`{"n":[300]}`, `{"n":300.0}`, false}, // "300, 300.0, and 3.0e2 aren't considered equal"
		{`{"n":[null,""]}`, `{"n":null}`, true},
		{`{"n":[null,""]}`, `{"n":""}`, true},
		{`{"n":[null]}`, `{}`, false},
		{`{"n":[true]}`, `{"n":"true"}`, false},
		{`{"time":[{"prefix":"2017-10-02"}]}`, `{"time":"2017-10-02T18:43:48Z"}`, true},
		{`{"s":[{"prefix":{"equals-ignore-case":"EventB"}}]}`, `{"s":"eventbridge"}`, true},
		{`{"f":[{"suffix":".png"}]}`, `{"f":"a.png"}`, true},
		{`{"f":[{"suffix":{"equals-ignore-case":".png"}}]}`, `{"f":"a.PNG"}`, true},
		{`{"f":[{"suffix":".png"}]}`, `{"f":"a.jpg"}`, false},
		{`{"d":{"state":[{"anything-but":"initializing"}]}}`, `{"d":{"state":"running"}}`, true},
		{`{"d":{"state":[{"anything-but":"initializing"}]}}`, `{"d":{"state":"initializing"}}`, false},
		{`{"d":{"state":[{"anything-but":"initializing"}]}}`, `{"d":{}}`, false},
		{`{"d":{"x":[{"anything-but":123}]}}`, `{"d":{"x":456}}`, true},
		{`{"d":{"state":[{"anything-but":["stopped","overloaded"]}]}}`, `{"d":{"state":"overloaded"}}`, false},
		{`{"d":{"x":[{"anything-but":[100,200]}]}}`, `{"d":{"x":300}}`, true},
		{`{"s":[{"anything-but":{"equals-ignore-case":["initializing","stopped"]}}]}`, `{"s":"STOPPED"}`, false},
		{`{"s":[{"anything-but":{"prefix":"init"}}]}`, `{"s":"initializing"}`, false},
		{`{"s":[{"anything-but":{"prefix":["init","stop"]}}]}`, `{"s":"run"}`, true},
		{`{"s":[{"anything-but":{"suffix":[".txt",".rtf"]}}]}`, `{"s":"a.rtf"}`, false},
		{`{"s":[{"anything-but":{"wildcard":"*/lib/*"}}]}`, `{"s":"/usr/lib/x"}`, false},
		{`{"s":[{"anything-but":{"wildcard":"*/lib/*"}}]}`, `{"s":"/usr/bin/x"}`, true},
		{`{"c":[{"numeric":[">",0,"<=",5]}],"d":[{"numeric":["<",10]}],"x":[{"numeric":["=",3.018e2]}]}`, `{"c":5,"d":-1,"x":301.8}`, true},
		{`{"c":[{"numeric":[">",0,"<=",5]}]}`, `{"c":0}`, false},
		{`{"c":[{"numeric":["<",10]}]}`, `{"c":"5"}`, false},
		{`{"ip":[{"cidr":"10.0.0.0/24"}]}`, `{"ip":"10.0.0.255"}`, true},
		{`{"ip":[{"cidr":"10.0.0.0/24"}]}`, `{"ip":"10.0.1.0"}`, false},
		{`{"d":{"c":[{"exists":true}]}}`, `{"d":{"c":1}}`, true},
		{`{"d":{"c":[{"exists":true}]}}`, `{"d":{"c":{"x":1}}}`, false}, // leaf nodes only
		{`{"d":{"c":[{"exists":false}]}}`, `{"d":{"e":1}}`, true},
		{`{"d":{"c":[{"exists":false}]}}`, `{}`, true},
		{`{"d":{"c":[{"exists":false}]}}`, `{"d":{"c":1}}`, false},
		{`{"t":[{"equals-ignore-case":"alb"}]}`, `{"t":"ALB"}`, true},
		{`{"b":[{"wildcard":"simple*.txt"}]}`, `{"b":"simple-1.txt"}`, true},
		{`{"b":[{"wildcard":"a\\*b"}]}`, `{"b":"a*b"}`, true},
		{`{"b":[{"wildcard":"a\\*b"}]}`, `{"b":"axb"}`, false},
		{`{"b":[{"wildcard":"dir/*/x/*"}]}`, `{"b":"dir/1/2/x/y"}`, true},
		{`{"r":["arn:1"]}`, `{"r":["arn:2","arn:1"]}`, true},
		{`{"r":["arn:1"]}`, `{"r":[]}`, false},
		{`{"d":{"$or":[{"a":[1]},{"b":[{"numeric":["<",10]}]}]}}`, `{"d":{"b":3}}`, true},
		{`{"d":{"$or":[{"a":[1]},{"b":[{"numeric":["<",10]}]}]}}`, `{"d":{"b":30}}`, false},
		{`{"x":["y"],"$or":[{"a":[1]},{"b":[2]}]}`, `{"b":2}`, false},
		// Fields of one pattern object must match in one element of an array.
		{`{"l":{"a":[1],"b":[2]}}`, `{"l":[{"a":1,"b":2},{"a":3}]}`, true},
		{`{"l":{"a":[1],"b":[2]}}`, `{"l":[{"a":1},{"b":2}]}`, false},
	} {
		p, err := Parse([]byte(c.pattern))
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		if got := p.Holds([]byte(c.event)); got != c.want {
			t.Errorf("%s on %s: %v, want %v", c.pattern, c.event, got, c.want)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		``, `[]`, `{}`, `{"a":"b"}`, `{"a":[]}`, `{"a":{}}`, `{"a":[{"like":"b"}]}`, `{"a":[{"prefix":1}]}`, `{"a":[{"prefix":"a","suffix":"b"}]}`,
		`{"a":[{"numeric":["<"]}]}`, `{"a":[{"numeric":["!",1]}]}`, `{"a":[{"numeric":["<",6e9]}]}`, `{"a":[{"numeric":["<",5,">",1]}]}`, `{"a":[{"numeric":[">",5,"<",1]}]}`,
		`{"a":[{"cidr":"10.0.0.0"}]}`, `{"a":[{"exists":"true"}]}`, `{"a":[{"anything-but":[]}]}`, `{"a":[{"anything-but":[null]}]}`, `{"a":[{"anything-but":{"numeric":["<",1]}}]}`,
		`{"a":[{"wildcard":"a**b"}]}`, `{"a":[{"wildcard":"a\\b"}]}`, `{"a":[["b"]]}`, `{"a":["b"]} x`, `{"$or":[{"a":[1]}]}`,
	} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"a":[{"prefix":"b"},{"numeric":[">",0,"<",5]}],"$or":[{"c":[1]},{"d":[null]}]}`, `{"a":{"b":[{"anything-but":{"wildcard":"*x*"}}]}}`} {
		f.Add(s, `{"a":"bc"}`)
	}
	f.Fuzz(func(t *testing.T, text, event string) {
		p, err := Parse([]byte(text))
		if err != nil {
			return
		}
		again, err := Parse([]byte(text))
		if err != nil {
			t.Fatalf("read once, and then: %v", err)
		}
		if p.Holds([]byte(event)) != again.Holds([]byte(event)) {
			t.Fatal("one pattern, one event, two answers")
		}
	})
}
