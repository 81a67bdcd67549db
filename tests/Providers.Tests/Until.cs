using System.Diagnostics;

namespace Sluice.Providers.Tests;

/// <summary>Waits for what must come about outside of the test, with a limit that only a failure reaches.</summary>
internal static class Until
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(240);

    public static Task TrueAsync(Func<bool> condition, string what) => TrueAsync(() => Task.FromResult(condition()), () => what);

    public static Task TrueAsync(Func<Task<bool>> condition, string what) => TrueAsync(condition, () => what);

    /// <param name="condition">Asked again and again.</param>
    /// <param name="what">For the message: what did not come about, and what there is instead.</param>
    public static async Task TrueAsync(Func<Task<bool>> condition, Func<string> what)
    {
        var waited = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(waited.Elapsed < Patience, $"After {Patience.TotalSeconds:0} s it is still not so: {what()}");
            await Task.Delay(10);
        }
    }
}
