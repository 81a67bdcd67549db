using System.Security.Cryptography;
using System.Text;
using Sluice.Authoring.Operators;
using Sluice.Core.Dags;

namespace Sluice.Providers.Aws.Signing;

/// <summary>Waits for something that runs in a service, and stops it when the task is killed.</summary>
internal static class RemoteJob
{
    private const int MostStops = 10;

    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(15);

    /// <summary>Starts something, or finds what this try has started: an attempt that was lost and runs again goes on with it, unless a worker that gave the attempt up has stopped it.</summary>
    /// <param name="start">Starts it under a name, or finds what has that name. The next try has another.</param>
    /// <param name="isStopped">True when what was found was stopped; null where no attempt waits, and so none stops it. Not to be cancelled: behind it stands who stops what was started.</param>
    /// <param name="context">The attempt.</param>
    /// <returns>Its id in the service.</returns>
    internal static async ValueTask<string> StartAsync(Func<string, ValueTask<string>> start, Func<string, ValueTask<bool>>? isStopped, TaskContext context)
    {
        for (var stops = 0; ; stops++)
        {
            var id = await start(Token(context, stops));
            if (stops == MostStops || isStopped is null || !await isStopped(id))
            {
                return id;
            }

            context.Log($"{id} was stopped when an earlier attempt of this try was taken from its worker; it is started anew.");
        }
    }

    private static string Token(TaskContext context, int stops) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        $"{context.Dag.Id}\n{context.Run.Id}\n{context.Run.Key}\n{TaskRenames.CodeIdOf(context.Task)}\n{context.MapIndex}\n{context.TryNumber}{(stops == 0 ? "" : $"\n{stops}")}")));

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
