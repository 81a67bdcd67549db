using Sluice.Actors;
using Sluice.Cluster.Wire;
using Sluice.Cluster.Worker.Leaders;
using Sluice.Core.Dags;

namespace Sluice.Cluster.Worker.Workers;

/// <summary>Dags by version, fetched from the leader once each; attempts wait here for theirs.</summary>
internal sealed class DagShelf(LeaderRequests requests, ActorContext context)
{
    private readonly Dictionary<string, DagSpec> _dags = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<HeldAttempt>> _waiting = new(StringComparer.Ordinal);

    /// <summary>The Dag of an attempt; null when it is being fetched: <see cref="DagFetched"/> is told to the actor, and the attempt is among those of <see cref="Put"/>.</summary>
    public DagSpec? DagOf(HeldAttempt held)
    {
        var version = held.Run.Version;
        if (_dags.TryGetValue(version, out var dag))
        {
            return dag;
        }

        if (_waiting.TryGetValue(version, out var others))
        {
            others.Add(held);
            return null;
        }

        _waiting.Add(version, [held]);
        context.PipeToSelf(
            requests.RequestAsync(Methods.FetchDagVersion, WireJson.Write(new FetchById(version)), CancellationToken.None),
            response => new DagFetched(version, response, null),
            error => new DagFetched(version, null, error.Message));
        return null;
    }

    /// <summary>Takes what was fetched.</summary>
    /// <returns>Who waited for it, with the Dag or the reason why there is none.</returns>
    public (IReadOnlyList<HeldAttempt> Waiting, DagSpec? Dag, string? Error) Put(DagFetched fetched)
    {
        _waiting.Remove(fetched.Version, out var waiting);
        var error = fetched.Error ?? fetched.Response?.Error;
        if (fetched.Response is { Code: 200, Body: { } body })
        {
            try
            {
                var dag = DagSpecJson.Deserialize(body);
                _dags[fetched.Version] = dag;
                return (waiting ?? [], dag, null);
            }
            catch (System.Text.Json.JsonException e)
            {
                error = e.Message;
            }
        }

        return (waiting ?? [], null, error);
    }
}

/// <summary>To the worker: a Dag version came, or will not.</summary>
internal sealed record DagFetched(string Version, Response? Response, string? Error);
