using System.Security.Cryptography;
using System.Text;
using Sluice.Authoring.Operators;
using Sluice.Core.Dags;
using Sluice.Core.RemoteJobs;
using Sluice.Providers.Aws.Signing;

namespace Sluice.Providers.Aws.RemoteJobs;

/// <summary>Runs something in a service for one attempt: starts it or finds it, has it kept, waits for it, and stops it when the task is killed.</summary>
/// <param name="service">The service.</param>
/// <param name="context">The attempt.</param>
/// <param name="time">The clock.</param>
internal sealed class ServiceJob(IJobService service, TaskContext context, TimeProvider time)
{
    private const int MostStops = 10;

    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(15);

    // A kill that got lost is sent again with the next heartbeat.
    private static readonly TimeSpan KillWithin = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan BetweenStops = TimeSpan.FromSeconds(2);

    /// <summary>Runs it. An attempt that was lost and runs again goes on with what it started, unless a worker that gave the attempt up has stopped it.</summary>
    /// <param name="start">Starts it under a name, or finds what has that name. The next try has another.</param>
    /// <param name="wait">Until it has ended; else only until it is kept.</param>
    /// <param name="interval">Between two looks.</param>
    /// <param name="cancellationToken">The kill.</param>
    /// <returns>Its id in the service.</returns>
    internal async ValueTask<string> RunAsync(Func<string, ValueTask<string>> start, bool wait, TimeSpan interval, CancellationToken cancellationToken)
    {
        var kept = await FindKeptAsync(cancellationToken);
        var id = kept ?? await StartAsync(start, wait);
        try
        {
            await KeepAsync(id, isKept: kept is not null, cancellationToken);
            if (wait)
            {
                await WaitAsync(id, interval, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await StopAsync(id);
            throw;
        }

        context.ReleaseRemoteJob();
        return id;
    }

    /// <summary>Stops what nobody waits for any more, and looks until the service says so. Harmless for what has ended.</summary>
    internal async ValueTask StopLeftAsync(string id, CancellationToken cancellationToken)
    {
        for (var asked = false; ; asked = true)
        {
            var look = await FindAsync(id, cancellationToken);
            if (look.State != JobState.Running)
            {
                context.Log(look.State switch
                {
                    JobState.Unknown => $"{service.Name(id)} is not known there; there is nothing to stop.",
                    _ when asked => $"{service.Name(id)} was stopped: it is {look.Word}.",
                    _ => $"{service.Name(id)} need not be stopped: it is {look.Word}.",
                });
                return;
            }

            await service.StopAsync(id, cancellationToken);
            await Task.Delay(asked ? BetweenStops : TimeSpan.FromMilliseconds(100), time, cancellationToken);
        }
    }

    /// <summary>What an earlier attempt of this try had kept, while that is worth waiting for.</summary>
    private async ValueTask<string?> FindKeptAsync(CancellationToken cancellationToken)
    {
        // Another version of the Dag may have had another operator here.
        if (context.RemoteJob is not { } kept || kept != service.Of(kept.Id))
        {
            return null;
        }

        switch ((await FindAsync(kept.Id, cancellationToken)).State)
        {
            case JobState.Unknown:
                context.Log($"{service.Name(kept.Id)} was started by an earlier attempt of this try and is not known there any more; what has its token is looked for.");
                return null;
            case JobState.Stopping or JobState.Stopped:
                return null;
            default:
                context.Log($"{service.Name(kept.Id)} was started by an earlier attempt of this try; this one goes on with it.");
                return kept.Id;
        }
    }

    private async ValueTask<string> StartAsync(Func<string, ValueTask<string>> start, bool wait)
    {
        for (var stops = 0; ; stops++)
        {
            var id = await start(Token(stops));

            // Where no attempt waits, none stops it, either. Not to be cancelled: behind it stands who stops what was started.
            if (stops == MostStops || !wait || (await service.LookAsync(id, CancellationToken.None)).State is not (JobState.Stopping or JobState.Stopped))
            {
                context.Log($"{service.Name(id)} has started.");
                return id;
            }

            context.Log($"{service.Name(id)} was stopped when an earlier attempt of this try was taken from its worker; it is started anew.");
        }
    }

    private string Token(int stops) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        $"{context.Dag.Id}\n{context.Run.Id}\n{context.Run.Key}\n{TaskRenames.CodeIdOf(context.Task)}\n{context.MapIndex}\n{context.TryNumber}{(stops == 0 ? "" : $"\n{stops}")}")));

    /// <summary>Before the first wait: then there is always someone who knows of it.</summary>
    private async ValueTask KeepAsync(string id, bool isKept, CancellationToken cancellationToken)
    {
        try
        {
            if (isKept || await context.KeepRemoteJobAsync(service.Of(id), cancellationToken))
            {
                return;
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            await StopAsync(id);
            throw new TaskErrorException($"{service.Name(id)} was not waited for, since it could not be kept: {e.Message}", e);
        }

        // The next attempt of this try may be waiting for it by now: only the kill, which is on its way, says that it is to be stopped.
        await Task.Delay(KillWithin, time, cancellationToken);
        throw new TaskErrorException($"{service.Name(id)} was not waited for: the scheduler does not want this attempt any more.");
    }

    private async ValueTask WaitAsync(string id, TimeSpan interval, CancellationToken cancellationToken)
    {
        JobLook look;
        while ((look = await service.LookAsync(id, cancellationToken)).State is JobState.Running or JobState.Stopping)
        {
            await Task.Delay(interval, time, cancellationToken);
        }

        context.ReleaseRemoteJob();
        context.Log($"{service.Name(id)} is {look.Word}.");
        if (look.State != JobState.Succeeded)
        {
            throw new TaskErrorException($"{service.Name(id)} {look.Sentence}");
        }
    }

    private async ValueTask StopAsync(string id)
    {
        using var patience = new CancellationTokenSource(StopWithin);
        try
        {
            await service.StopAsync(id, patience.Token);
            context.ReleaseRemoteJob();
            context.Log("Stopped it in the service too.");
        }
        catch (Exception e) when (e is TaskErrorException or TaskFailedException or OperationCanceledException)
        {
            context.Log($"It could not be stopped in the service: {e.Message}");
        }
    }

    private async ValueTask<JobLook> FindAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            return await service.LookAsync(id, cancellationToken);
        }
        catch (TaskFailedException e) when (e.InnerException is AwsServiceException { Type: { } type } && service.UnknownErrors.Contains(type))
        {
            return new(JobState.Unknown, null, e.Message);
        }
    }
}
