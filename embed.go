// Package openapi holds the contract of Notebook Hub's API: every route, body,
// error code and message of the room socket, in one file that is written by
// hand and that tests hold the server to.
package openapi

import _ "embed"

//go:embed openapi.yaml
var document string

// Document returns openapi.yaml.
func Document() string { return document }
