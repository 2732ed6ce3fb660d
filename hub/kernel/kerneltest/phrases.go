package kerneltest

// FakePhrases are the fake's.
func FakePhrases() Phrases {
	return Phrases{
		Print: "print hello", PrintError: "eprint oops", Value: "result 2", Show: "display shown",
		Set: "set answer 42", Get: "get answer", Fail: "print before\nraise Bang a bang\nprint never",
		Update: "show d before\nupdate d after", Clear: "display x\nclear wait\nprint hello", Sleep: "sleep 100s",
		Ask: "ask name? ", Password: "password name? ", Where: "cwd", Die: "exit 3", Lines: "lines 5000",
		Prefix: "prin", Completion: "print", Known: "print", History: true,
	}
}
