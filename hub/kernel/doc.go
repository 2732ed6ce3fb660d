// Package kernel finds, starts and drives Jupyter kernels, and turns what they
// say into typed events.
//
// A [Launcher] holds what kernels have in common; [Launcher.Start] returns a
// [Kernel] that is ready. [Kernel.Execute] runs code and hands over what it does.
// Nothing here knows of rooms or documents.
//
// # Lives
//
// A Kernel stays the same through restarts; each process of it is a life, with
// its own key, sockets, folder and process group. A life ends when its process
// has ended: then whatever the process had started is killed, what its sockets
// still hold is taken, its folder is removed, and the last outputs have reached
// the caller of Execute before anybody learns of the death. So [Kernel.Done] means
// that no process, file, descriptor or goroutine of the kernel is left.
//
// # Outputs
//
// A kernel throws away what its reader does not take in time, silently. So one
// goroutine takes everything at wire speed into a queue that is bounded in bytes;
// another decodes it and waits for the caller. When the queue is full, outputs are
// left out, the code is interrupted, and a line in the output says so; status,
// errors and replies always get through. What code does after its execution has
// ended, as threads that it left behind do, goes to whoever ran it.
//
// # Processes
//
// A kernel runs in a process group of its own, below a shim (see [ShimMain]) that
// adopts what the kernel orphans and kills all of it when the kernel or the hub
// ends, however that happens. What a crash of the whole machine's making leaves
// nevertheless, [Sweep] finds by the manifest in each kernel's folder.
//
// # Trust
//
// Kernels run the users' code with the user's rights, so what they send is not
// believed: signatures are checked, lengths bounded, and messages that are not
// Jupyter's are dropped and counted. Sockets are files in a folder of the user's
// alone where the kernel can do that; over tcp on the loopback interface the key
// keeps others from speaking for the kernel, but not from listening.
package kernel
