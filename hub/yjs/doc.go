// Package yjs is the shared document.
package yjs
