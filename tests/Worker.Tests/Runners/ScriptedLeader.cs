using Sluice.Cluster.Wire;
using Sluice.Cluster.Worker.Leaders;

namespace Sluice.Worker.Tests.Runners;

/// <summary>Answers a worker's requests from tables.</summary>
internal sealed class ScriptedLeader : ILeaderRequests
{
    public Dictionary<string, BundleContent> Bundles { get; } = [];

    public Dictionary<string, string> Connections { get; } = [];

    public Dictionary<string, string> Variables { get; } = [];

    public Dictionary<(string Task, string Key), string> XComs { get; } = [];

    /// <summary>XComs of which some lies in objects, by task.</summary>
    public Dictionary<string, XComParts> Parts { get; } = [];

    public List<string> Asked { get; } = [];

    public Task<Response> RequestAsync(string method, string body, CancellationToken cancellationToken)
    {
        lock (Asked)
        {
            Asked.Add(method);
        }

        string? found = method switch
        {
            Methods.FetchBundle => Json(Bundles.GetValueOrDefault(WireJson.Read<FetchById>(body).Id)),
            Methods.GetConnection => Connections.GetValueOrDefault(WireJson.Read<FetchForAttempt>(body).Name),
            Methods.GetVariable => Json(Variables.GetValueOrDefault(WireJson.Read<FetchForAttempt>(body).Name)),
            Methods.GetXCom => XComs.GetValueOrDefault((WireJson.Read<FetchXCom>(body).Task, WireJson.Read<FetchXCom>(body).Key)),
            _ => throw new NotSupportedException(method),
        };
        if (method == Methods.GetXCom && Parts.TryGetValue(WireJson.Read<FetchXCom>(body).Task, out var parts))
        {
            return Task.FromResult(new Response(1, WireJson.Write(parts), null, 303));
        }

        return Task.FromResult(found is null ? new Response(1, null, "There is none.", 404) : new Response(1, found, null));
    }

    private static string? Json<T>(T? value)
        where T : class => value is null ? null : WireJson.Write(value);
}
