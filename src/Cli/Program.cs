using System.Runtime.InteropServices;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Output;

using var stop = new CancellationTokenSource();
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
return await Tool.RunAsync(args, Terminal.OfProcess(), stop.Token);

// The first signal asks; a second one ends the process as it would have without us.
void Stop(PosixSignalContext signal)
{
    if (!stop.IsCancellationRequested)
    {
        signal.Cancel = true;
        stop.Cancel();
    }
}
