using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sluice.Actors;
using Sluice.Cluster.Api;
using Sluice.Cluster.Nodes;
using Sluice.Cluster.Seed.Membership;
using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Seed.Api;

/// <summary>What a seed serves to operators over HTTP. Everything under /api needs the token; errors are <c>{"error": "one sentence"}</c>.</summary>
internal sealed class SeedApi(NodeHost host, ActorRef seed, SeedOptions options)
{
    private const string RetryAfterSeconds = "2";
    private const int MaxBodyBytes = 16 * 1024 * 1024;
    private static readonly TimeSpan ActorsTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LogTimeout = TimeSpan.FromSeconds(10);

    /// <param name="api">Null until the node is up.</param>
    public static void Map(WebApplication app, Func<SeedApi?> api)
    {
        app.MapGet("/healthz", static http => http.Response.WriteAsync("ok"));
        app.MapPost("/api/v1/call/{operation}", Guarded(static (self, http) => self.CallAsync(http)));
        app.MapGet("/api/v1/nodes", Guarded(static (self, http) => self.NodesAsync(http)));
        app.MapGet("/api/v1/actors", Guarded(static (self, http) => self.ActorsAsync(http)));
        app.MapGet("/api/v1/logs", Guarded(static (self, http) => self.LogsAsync(http)));

        RequestDelegate Guarded(Func<SeedApi, HttpContext, Task> serve) => async http =>
        {
            if (api() is not { } self)
                await ErrorAsync(http, 503, "The seed is starting; try again.");
            else if (!self.Allows(http))
                await ErrorAsync(http, 401, "The API needs 'Authorization: Bearer <token>' with the token of this cluster.");
            else
                await serve(self, http);
        };
    }

    private static Task ErrorAsync(HttpContext http, int code, string sentence)
    {
        http.Response.StatusCode = code;
        if (code is 503 or 504)
            http.Response.Headers.RetryAfter = RetryAfterSeconds;
        return JsonAsync(http, ApiJson.Serialize(new ErrorAnswer(sentence)));
    }

    private static Task JsonAsync(HttpContext http, string json)
    {
        http.Response.ContentType = "application/json; charset=utf-8";
        return http.Response.WriteAsync(json);
    }

    private static Task PassOnAsync(HttpContext http, Response response) => response.Error is { } error
        ? ErrorAsync(http, response.Code is >= 400 and <= 599 ? response.Code : 500, error)
        : JsonAsync(http, response.Body ?? "null");

    private bool Allows(HttpContext http)
    {
        var header = http.Request.Headers.Authorization.ToString();
        return header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) && ApiToken.Matches(header["Bearer ".Length..].Trim(), options.Secret);
    }

    private Task<SeedView> ViewAsync() => seed.AskAsync<SeedView>(new GetSeedView(), TimeSpan.FromSeconds(5));

    private async Task CallAsync(HttpContext http)
    {
        var operation = (string)http.Request.RouteValues["operation"]!;
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = MaxBodyBytes;
        string body;
        try
        {
            using var reader = new StreamReader(http.Request.Body);
            body = await reader.ReadToEndAsync(http.RequestAborted);
            if (string.IsNullOrWhiteSpace(body))
                body = "{}";
            using var parsed = JsonDocument.Parse(body);
        }
        catch (JsonException failure)
        {
            await ErrorAsync(http, 400, $"The body of '{operation}' is not JSON: {failure.Message}");
            return;
        }
        catch (BadHttpRequestException failure)
        {
            await ErrorAsync(http, failure.StatusCode, $"The body of '{operation}' cannot be read: {failure.Message}");
            return;
        }

        var who = http.Request.Headers["X-Sluice-User"].ToString();
        var call = new OperatorCall(operation, body, who.Length is > 0 and <= 200 ? who : "token");
        await AskLeaderAsync(http, call);
    }

    /// <summary>Passes a call to the leader. In every moment without one it says so, and never leaves open whether something may have been done.</summary>
    private async Task AskLeaderAsync(HttpContext http, OperatorCall call)
    {
        var isRead = Operations.IsRead(call.Name);
        for (var asked = 0L; ; )
        {
            var view = await ViewAsync();
            if (view.Leader is not { } leader || leader.Epoch <= asked || host.Linked.All(node => node.Id != leader.NodeId))
            {
                await ErrorAsync(http, 503, LeaderSentences.Nobody(view));
                return;
            }

            asked = leader.Epoch;
            var response = await host.AskAsync(leader.NodeId, Methods.Operator, WireJson.Write(call), options.CallTimeout, http.RequestAborted);
            if (response.Delivery == Delivery.Answered && response.Code != 504)
            {
                await PassOnAsync(http, response);
                return;
            }

            if (response.Code == 504)
            {
                await (response.Delivery == Delivery.Answered
                    ? ErrorAsync(http, 503, LeaderSentences.GaveUp(response.Error!, call.Name, isRead))
                    : ErrorAsync(http, 504, LeaderSentences.Slow(await ViewAsync(), call.Name, options.CallTimeout, isRead)));
                return;
            }

            if (response.Delivery == Delivery.Unknown && !isRead)
            {
                await ErrorAsync(http, 503, LeaderSentences.Lost(await ViewAsync(), asked, call.Name));
                return;
            }

            // Nothing was done: a leader that has come meanwhile may be asked as well.
        }
    }

    private async Task NodesAsync(HttpContext http)
    {
        var view = await ViewAsync();
        var linked = host.Linked.Select(node => node.Id).ToHashSet();
        var leader = view.Leader is { } claim
            ? new LeaderSummary(claim.NodeId, claim.Address, claim.Epoch, linked.Contains(claim.NodeId), view.HeardAt)
            : null;
        await JsonAsync(http, ApiJson.Serialize(new NodesAnswer([.. view.Nodes.Select(Summarize)], leader)));
    }

    private async Task ActorsAsync(HttpContext http)
    {
        var nodes = (await ViewAsync()).Nodes;
        var trees = await Task.WhenAll(nodes.Select(async node =>
        {
            var answer = await host.AskAsync(node.Id, Methods.Actors, "{}", ActorsTimeout, http.RequestAborted);
            return new NodeActors(Summarize(node), answer.Body is { } body ? WireJson.Read<ActorSnapshot[]>(body) : [], answer.Error);
        }));
        await JsonAsync(http, ApiJson.Serialize<IReadOnlyList<NodeActors>>(trees));
    }

    private static NodeSummary Summarize(NodeInfo node) => new(node.Id, node.Role.ToString().ToLowerInvariant(), node.Address, node.Name);

    private async Task LogsAsync(HttpContext http)
    {
        var query = http.Request.Query;
        string dag = query["dag"].ToString(), run = query["run"].ToString(), task = query["task"].ToString(), worker = query["worker"].ToString();
        long offset = 0;
        if (dag is "" || run is "" || task is "" || worker is "" || !int.TryParse(query["token"], out var token)
            || (query.ContainsKey("offset") && !long.TryParse(query["offset"], out offset)))
        {
            await ErrorAsync(http, 400, "A log is asked for by dag, run, task, token (a number), worker (a node's id) and, if you like, offset (a number).");
            return;
        }

        var nodes = (await ViewAsync()).Nodes;
        if (nodes.FirstOrDefault(node => node.Id == worker || node.Name == worker) is not { } holder)
        {
            await ErrorAsync(http, 404, $"Worker {worker} is not linked to this seed; its logs can be read when it is back.");
            return;
        }

        var ask = new FetchLog(dag, run, task, token, offset);
        var answer = await host.AskAsync(holder.Id, Methods.FetchLog, WireJson.Write(ask), LogTimeout, http.RequestAborted);
        await PassOnAsync(http, answer.Body is { } piece ? answer with { Body = ApiJson.Serialize(WireJson.Read<LogContent>(piece)) } : answer);
    }
}
