// Package hubtest is what tests of rooms are written with: an Env that has a
// folder, a state directory and a hub; peers that speak the room's protocol
// over connections in memory; a watcher, a kernel and a disk that do what the
// test says.
//
// Everything works inside a testing/synctest bubble, where timers of minutes
// pass in no time.
package hubtest
