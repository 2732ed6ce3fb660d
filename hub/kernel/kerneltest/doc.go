// Package kerneltest has a fake kernel that does whatever a test asks of it, well
// or badly, and a conformance kit that every kernel has to pass.
//
// The fake is a process like any kernel: the test's own program, started anew.
// Its TestMain calls [Main] first:
//
//	func TestMain(m *testing.M) {
//		kerneltest.Main()
//		os.Exit(m.Run())
//	}
//
// [Install] writes a kernelspec for it, and [Shim] is the shim's command for
// kernel.Options. The code of a cell is a list of commands, one a line; see
// [Commands].
package kerneltest
