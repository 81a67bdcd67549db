namespace Sluice.Cluster.Tests;

internal static class Until
{
    /// <summary>Polls for a condition of the real world, with a deadline that only a failure reaches.</summary>
    public static async Task True(Func<bool> condition, string what)
    {
        for (var deadline = DateTime.UtcNow.AddSeconds(120); !condition(); await Task.Delay(5))
        {
            if (DateTime.UtcNow > deadline)
                Assert.Fail($"It did not happen within 120 s: {what}.");
        }
    }
}
