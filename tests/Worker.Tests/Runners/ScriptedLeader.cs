using System.Collections.Concurrent;
using Sluice.Cluster.Wire;
using Sluice.Cluster.Worker.Leaders;
using Sluice.Core.TaskInstances;

namespace Sluice.Worker.Tests.Runners;

/// <summary>Answers a worker's requests from tables.</summary>
internal sealed class ScriptedLeader : ILeaderRequests
{
    public ConcurrentDictionary<string, BundleContent> Bundles { get; } = [];

    public ConcurrentDictionary<string, string> Connections { get; } = [];

    public ConcurrentDictionary<string, string> Variables { get; } = [];

    public ConcurrentDictionary<(string Task, string Key), string> XComs { get; } = [];

    /// <summary>XComs of which some lies in objects, by task.</summary>
    public ConcurrentDictionary<string, XComParts> Parts { get; } = [];

    /// <summary>Lists that lie in one object, by task.</summary>
    public ConcurrentDictionary<string, string> Objects { get; } = [];

    public List<string> Asked { get; } = [];

    /// <summary>Characters of everything that was asked and answered.</summary>
    public long Characters { get; private set; }

    public Task<Response> RequestAsync(string method, string body, CancellationToken cancellationToken)
    {
        var response = Answer(method, body);
        lock (Asked)
        {
            Asked.Add(method);
            Characters += body.Length + (response.Body?.Length ?? 0);
        }

        return Task.FromResult(response);
    }

    private Response Answer(string method, string body)
    {
        string? found = method switch
        {
            Methods.FetchBundle => Json(Bundles.GetValueOrDefault(WireJson.Read<FetchById>(body).Id)),
            Methods.GetConnection => Connections.GetValueOrDefault(WireJson.Read<FetchForAttempt>(body).Name),
            Methods.GetVariable => Json(Variables.GetValueOrDefault(WireJson.Read<FetchForAttempt>(body).Name)),
            Methods.GetXCom => XComs.GetValueOrDefault((WireJson.Read<FetchXCom>(body).Task, WireJson.Read<FetchXCom>(body).Key)),
            Methods.GetXComItems => Items(WireJson.Read<FetchXComItems>(body)),
            _ => throw new NotSupportedException(method),
        };
        if (method == Methods.GetXCom && Parts.TryGetValue(WireJson.Read<FetchXCom>(body).Task, out var parts))
        {
            return new(1, WireJson.Write(parts), null, 303);
        }

        return found is null ? new Response(1, null, "There is none.", 404) : new Response(1, found, null);
    }

    private string? Items(FetchXComItems asked)
    {
        if (Objects.TryGetValue(asked.Task, out var uri))
        {
            return WireJson.Write(new XComItemParts(0, [], uri));
        }

        var found = XComs.TryGetValue((asked.Task, asked.Key), out var json) ? JsonItems.Of(json)?.Take(asked.Slice) : null;
        return found is null ? null : WireJson.Write(new XComItemParts(found.Length, [.. found.Values.Select(value => new XComPart(value, null))]));
    }

    private static string? Json<T>(T? value)
        where T : class => value is null ? null : WireJson.Write(value);
}
