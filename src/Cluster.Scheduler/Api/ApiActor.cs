using Microsoft.Extensions.Logging;
using Sluice.Actors;
using Sluice.Cluster.Nodes;
using Sluice.Cluster.Wire;
using Sluice.Core.DagRuns;
using Sluice.Core.RemoteJobs;
using Sluice.Core.TaskInstances;
using Sluice.Core.Watermarks;
using Sluice.Scheduler.Bundles;
using Sluice.Scheduler.DagRuns;
using Sluice.Scheduler.Dispatch;
using Sluice.Scheduler.Elections;
using Sluice.Scheduler.Secrets;
using Sluice.Scheduler.Watermarks;
using Sluice.Scheduler.XComs;
using Sluice.Storage;

namespace Sluice.Scheduler.Api;

/// <summary>Takes questions of workers and of people, and answers each on its own time: a slow read holds up nobody.</summary>
internal sealed partial class ApiActor(NodeHost host, IStore store, Vault vault, BundleShelf bundles, XComLists lists, ActorRef elector) : Actor
{
    private readonly CancellationTokenSource _stopping = new();
    private OperatorApi _people = null!;
    private WorkerRequests _workers = null!;
    private long _answered;

    protected override ValueTask PreStartAsync()
    {
        _people = new(store, vault, elector, Context.Time);
        _workers = new(store, vault, bundles, lists, new(store, elector), FindRunAsync, AskWatermarkAsync, KeepRemoteJobAsync);
        foreach (var method in WorkerRequests.Served)
        {
            host.Serve(method, Context.Self);
        }

        host.Serve(Methods.Operator, Context.Self);
        return ValueTask.CompletedTask;
    }

    protected override async ValueTask PostStopAsync()
    {
        await _stopping.CancelAsync();
        _stopping.Dispose();
    }

    protected override ValueTask ReceiveAsync(object message)
    {
        if (message is IncomingRequest asked)
        {
            _answered++;
            _ = AnswerAsync(asked, Context.Logger, _stopping.Token);
        }

        return ValueTask.CompletedTask;
    }

    protected override string Describe() => $"{_answered} requests";

    private async Task AnswerAsync(IncomingRequest asked, ILogger logger, CancellationToken cancellationToken)
    {
        try
        {
            if (asked.Method == Methods.Operator)
            {
                asked.Reply(await _people.CallAsync(asked.Read<OperatorCall>(), cancellationToken));
            }
            else
            {
                await _workers.AnswerAsync(asked, cancellationToken);
            }
        }
        catch (ApiException e)
        {
            asked.Fail(e.Status, e.Message);
        }
        catch (Exception e) when (e is TimeoutException or ActorStoppedException)
        {
            asked.Fail(504, "The scheduler did not answer, or stopped leading meanwhile.");
        }
        catch (OperationCanceledException)
        {
            asked.Fail(504, "The scheduler stopped before it could answer.");
        }
        catch (Exception e)
        {
            LogFailed(logger, e, asked.Method, asked.From.Name);
            asked.Fail(500, $"The scheduler could not answer: {e.Message}");
        }
    }

    private async Task<RunFacts?> FindRunAsync(AttemptId attempt, CancellationToken cancellationToken) =>
        await elector.AskAsync<object>(new ToScheduler(new IsCurrent(attempt)), TimeSpan.FromSeconds(10), cancellationToken) switch
        {
            CurrentAttempt current => current.Run,
            _ => throw new ApiException(503, NotLeading.Sentence), // An attempt must not fail by a failover.
        };

    private async Task<WatermarkAnswer> AskWatermarkAsync(AskWatermark ask, CancellationToken cancellationToken) =>
        await elector.AskAsync<object>(new ToScheduler(ask), TimeSpan.FromSeconds(30), cancellationToken) switch
        {
            WatermarkAnswer answer => answer,
            _ => throw new ApiException(503, NotLeading.Sentence),
        };

    private async Task<RemoteJobAnswer> KeepRemoteJobAsync(KeepForAttempt keep, CancellationToken cancellationToken) =>
        await elector.AskAsync<object>(new ToScheduler(keep), TimeSpan.FromSeconds(30), cancellationToken) switch
        {
            RemoteJobAnswer answer => answer,
            _ => throw new ApiException(503, NotLeading.Sentence),
        };

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} asked by {Node} failed")]
    private static partial void LogFailed(ILogger logger, Exception error, string method, string node);
}
