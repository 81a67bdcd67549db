using System.Collections.Concurrent;
using System.Diagnostics;
using Sluice.Authoring.Hooks;
using Sluice.Core.Dags;
using Sluice.DagProcessor.Files;
using Sluice.Scheduler.DagProcessing;

// The pipe to the scheduler is taken first: what Dag files print must not get into it, nor may they read from it.
await using var requests = Console.OpenStandardInput();
await using var answers = Console.OpenStandardOutput();
Console.SetOut(Console.Error);
Console.SetIn(TextReader.Null);

using var waiting = new BlockingCollection<ProcessFile>();
var reader = new Thread(() =>
{
    while (Frames.ReadAsync<ProcessFile>(requests, CancellationToken.None).GetAwaiter().GetResult() is { } request)
    {
        waiting.Add(request);
    }

    // Nobody is left to answer, and a Dag file may be looping: leave at once, whatever runs.
    Process.GetCurrentProcess().Kill();
})
{ IsBackground = true, Name = "requests" };
reader.Start();

// A compiler that has not run yet takes seconds, more of them when the machine is busy: no file is to blame for that.
var processor = new DagFileProcessor(ProviderDiscovery.Load());
if (!args.Contains("--cold"))
{
    processor.Warm();
}

await Frames.WriteAsync(answers, true, CancellationToken.None);
foreach (var request in waiting.GetConsumingEnumerable())
{
    // Two answers to each request: that its code is about to run, and what it came to.
    var isRunning = false;
    var processed = processor.Process(request, () =>
    {
        isRunning = true;
        Frames.WriteAsync(answers, true, CancellationToken.None).GetAwaiter().GetResult();
    });
    if (!isRunning)
    {
        await Frames.WriteAsync(answers, true, CancellationToken.None);
    }

    await Frames.WriteAsync(answers, processed, CancellationToken.None);
}
