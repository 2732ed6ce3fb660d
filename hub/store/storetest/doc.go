// Package storetest brings a disk that fails on demand, for tests of the store and
// of what is built on it.
package storetest
