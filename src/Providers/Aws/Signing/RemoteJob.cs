using System.Security.Cryptography;
using System.Text;
using Sluice.Authoring.Operators;
using Sluice.Core.Dags;

namespace Sluice.Providers.Aws.Signing;

/// <summary>Waits for something that runs in a service, and stops it when the task is killed.</summary>
internal static class RemoteJob
{
    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(15);

    /// <summary>
    /// A name for what this try starts: an attempt that was lost and runs again has the same, and finds what was started; the next try has another.
    /// </summary>
    internal static string Token(TaskContext context) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        $"{context.Dag.Id}\n{context.Run.Id}\n{context.Run.Key}\n{TaskRenames.CodeIdOf(context.Task)}\n{context.MapIndex}\n{context.TryNumber}")));

    /// <summary>Looks again and again until it has ended.</summary>
    /// <param name="look">Null while it runs, true when it has succeeded; throws when it has failed.</param>
    /// <param name="interval">Between two looks.</param>
    /// <param name="stop">Asked when the task is killed.</param>
    /// <param name="context">The attempt.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">The kill.</param>
    internal static async ValueTask WaitAsync(
        Func<CancellationToken, ValueTask<bool?>> look, TimeSpan interval, Func<CancellationToken, ValueTask> stop, TaskContext context, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            while (await look(cancellationToken) is null)
            {
                await Task.Delay(interval, time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            using var patience = new CancellationTokenSource(StopWithin);
            try
            {
                await stop(patience.Token);
                context.Log("Stopped it in the service too.");
            }
            catch (Exception e) when (e is TaskErrorException or TaskFailedException or OperationCanceledException)
            {
                context.Log($"It could not be stopped in the service: {e.Message}");
            }

            throw;
        }
    }
}
