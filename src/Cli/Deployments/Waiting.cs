namespace Sluice.Cli.Deployments;

/// <summary>Asks again and again until something has come about.</summary>
internal static class Waiting
{
    // A change of leader takes about 15 s.
    private static readonly TimeSpan Forbearance = TimeSpan.FromSeconds(60);

    /// <summary>Asks until the answer is final.</summary>
    /// <param name="ask">Asks once.</param>
    /// <param name="isFinal">Called with each answer, also to show it.</param>
    /// <param name="every">Gap between two questions.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="DeploymentException">The deployment has been away for a minute, or refuses.</exception>
    public static async Task<T> ForAsync<T>(
        Func<Task<T>> ask, Func<T, bool> isFinal, TimeSpan every, TimeProvider time, CancellationToken cancellationToken)
    {
        var heard = time.GetTimestamp();
        while (true)
        {
            try
            {
                var answer = await ask();
                heard = time.GetTimestamp();
                if (isFinal(answer))
                {
                    return answer;
                }
            }
            catch (DeploymentException e) when (e.IsTransient && time.GetElapsedTime(heard) < Forbearance)
            {
                // It comes back, or the minute ends.
            }

            await Task.Delay(every, time, cancellationToken);
        }
    }
}
