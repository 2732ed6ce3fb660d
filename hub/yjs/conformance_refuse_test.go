package yjs_test

import (
	"encoding/hex"
	"errors"
	"testing"

	"github.com/notebookhub/hub/hub/yjs"
)

// TestUpdatesThatClientsMisreadAreRefused holds updates that npm yjs takes without a word and reads wrong.
func TestUpdatesThatClientsMisreadAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"two clients":                    "02" + "011700040101740161" + "011800040101740162" + "00",
		"the same client comes twice":    "02" + "011700040101740161" + "011701040101740162" + "00",
		"a delete range of length zero":  "00" + "0117010000",
		"a struct that refers to itself": "01" + "01170084170003616263" + "00",
	} {
		update, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		err = yjs.Validate(update, yjs.Limits{})
		if honest := name == "two clients"; honest {
			if err != nil {
				t.Errorf("%s, which is fine: %v", name, err)
			}
		} else if !errors.Is(err, yjs.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
