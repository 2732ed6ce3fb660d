// Package zmtp speaks the part of ZMTP 3.0 (ZeroMQ's wire protocol, RFC 23 of
// rfc.zeromq.org) that Jupyter needs: one peer a connection, NULL security, over
// anything that is a [net.Conn].
//
// A [Conn] never reconnects, never buffers what is sent, and believes nothing
// that the peer claims: memory is taken as bytes arrive, messages above a limit
// are skipped (their first frames are kept, so that the reader learns whose they
// were), and what is not ZMTP is an error.
//
// # Concurrency
//
// Receive is for one goroutine at a time. Send may be called by any number of
// goroutines. Close may be called at any time and ends both.
package zmtp
