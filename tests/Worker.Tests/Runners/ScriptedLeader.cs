using System.Text.Json;
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

    public List<string> Asked { get; } = [];

    public Task<Response> RequestAsync(string method, string body, CancellationToken cancellationToken)
    {
        lock (Asked)
        {
            Asked.Add(method);
        }

        string? found = method switch
        {
            Methods.FetchBundle => Json(Bundles.GetValueOrDefault(Read<FetchById>(body).Id)),
            Methods.GetConnection => Json(Connections.GetValueOrDefault(Read<FetchForAttempt>(body).Name)),
            Methods.GetVariable => Json(Variables.GetValueOrDefault(Read<FetchForAttempt>(body).Name)),
            Methods.GetXCom => XComs.GetValueOrDefault((Read<FetchXCom>(body).Task, Read<FetchXCom>(body).Key)),
            _ => throw new NotSupportedException(method),
        };
        return Task.FromResult(found is null ? new Response(1, null, "There is none.", 404) : new Response(1, found, null));
    }

    private static T Read<T>(string body) => JsonSerializer.Deserialize<T>(body)!;

    private static string? Json<T>(T? value) => value is null ? null : JsonSerializer.Serialize(value);
}
