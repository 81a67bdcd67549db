using Sluice.Authoring.Rows;

namespace Sluice.Providers.Tests.Extraction;

/// <summary>Work that takes what others leave of the processors.</summary>
public sealed class SpareTimeThreadsTests
{
    private const int Lowest = 19;

    [Fact]
    public async Task Its_work_is_done_in_one_thread_of_low_priority_in_order_and_errors_come_back()
    {
        using var spare = new SpareTimeThreads(1);
        var seen = new List<(int Thread, int Niceness)>();
        var first = spare.RunAsync(SeeAsync);
        var failing = spare.RunAsync(() => throw new IOException("full"));
        var later = spare.RunAsync(() => Task.FromException(new IOException("fuller")));
        var last = spare.RunAsync(SeeAsync);

        await first;
        Assert.Equal("full", (await Assert.ThrowsAsync<IOException>(() => failing)).Message);
        Assert.Equal("fuller", (await Assert.ThrowsAsync<IOException>(() => later)).Message);
        await last;
        Assert.Equal(2, seen.Count);
        Assert.Equal(seen[0], seen[1]);
        Assert.Equal(Math.Min(Niceness("/proc/self/stat") + 5, Lowest), seen[0].Niceness);

        Task SeeAsync()
        {
            seen.Add((Environment.CurrentManagedThreadId, Niceness("/proc/thread-self/stat")));
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task Several_work_side_by_side()
    {
        using var spare = new SpareTimeThreads(2);
        using var meet = new Barrier(2);
        Task MeetAsync() => meet.SignalAndWait(TimeSpan.FromSeconds(60)) ? Task.CompletedTask : throw new TimeoutException("The other did not come.");

        await Task.WhenAll(spare.RunAsync(MeetAsync), spare.RunAsync(MeetAsync));
    }

    [Fact]
    public async Task Who_waits_for_it_goes_on_elsewhere()
    {
        using var spare = new SpareTimeThreads(1);
        var held = new TaskCompletionSource();
        var there = 0;
        var work = spare.RunAsync(async () =>
        {
            there = Environment.CurrentManagedThreadId;
            await held.Task.ConfigureAwait(false);
        });
        var next = Task.Run(async () =>
        {
            await spare.RunAsync(() => Task.CompletedTask);
            return Environment.CurrentManagedThreadId;
        });

        Assert.NotEqual(there, await next);
        Assert.False(work.IsCompleted); // its thread did not wait for it
        held.SetResult();
        await work;
    }

    // The 19th field of stat(5) in proc; after the name in brackets the third follows.
    private static int Niceness(string stat)
    {
        var text = File.ReadAllText(stat);
        return int.Parse(text[(text.LastIndexOf(')') + 2)..].Split(' ')[16], System.Globalization.CultureInfo.InvariantCulture);
    }
}
