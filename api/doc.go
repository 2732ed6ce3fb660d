// Package api is the HTTP skin of Notebook Hub: it turns requests, server-sent
// event streams and WebSocket upgrades into calls of package hub, and coded
// errors into application/problem+json. openapi.yaml at the root of the module
// is its contract, and contract_test.go holds both to each other.
//
// Everything passes through one chain before it reaches a handler: request id
// and log line, recovery from panics, the safe headers, the Host check, then
// for everything that is not public the token or cookie and the Origin. New
// wires it; the handlers live in one file per subject.
//
// The package keeps no state of its own about rooms. A handler runs on the
// goroutine of its request and starts none.
package api

//go:generate go tool oapi-codegen -config oapi-codegen.yaml ../openapi.yaml
//go:generate go run docs_gen.go
