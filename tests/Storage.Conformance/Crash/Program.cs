using Sluice.Storage.Conformance.Crash;

// Run by the crash test only; the test host uses the assembly as a library.
return args is ["append", var file] ? await Appender.RunAsync(file) : 2;
