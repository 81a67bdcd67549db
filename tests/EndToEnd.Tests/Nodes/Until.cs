using System.Diagnostics;

namespace Sluice.EndToEnd.Tests.Nodes;

/// <summary>Waits for what must become true.</summary>
internal static class Until
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(300);

    public static Task TrueAsync(Func<bool> condition, string what, Func<string>? otherwise = null) =>
        TrueAsync(() => Task.FromResult(condition()), what, otherwise);

    /// <param name="condition">Asked some times a second.</param>
    /// <param name="what">For the message: what did not become true.</param>
    /// <param name="otherwise">What else to say then.</param>
    public static async Task TrueAsync(Func<Task<bool>> condition, string what, Func<string>? otherwise = null) => await ValueAsync(
        async () => await condition() ? "" : null, what, otherwise is null ? null : () => Task.FromResult(otherwise()));

    /// <returns>The first value that is not null.</returns>
    public static async Task<T> ValueAsync<T>(Func<Task<T?>> find, string what, Func<Task<string>>? otherwise = null)
        where T : class
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            if (await find() is { } found)
            {
                return found;
            }

            if (waited.Elapsed > Patience)
            {
                throw new TimeoutException($"After {Patience.TotalSeconds:0} s it is still not so: {what}. {(otherwise is null ? "" : await otherwise())}");
            }

            await Task.Delay(50);
        }
    }
}
