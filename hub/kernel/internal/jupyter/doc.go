// Package jupyter encodes and decodes messages of Jupyter's kernel protocol
// (version 5, "Messaging in Jupyter" in the documentation of jupyter_client) and
// the connection file that tells both sides where to meet.
//
// Nothing here holds state but a [Codec]'s key: everything may be used
// concurrently.
package jupyter
