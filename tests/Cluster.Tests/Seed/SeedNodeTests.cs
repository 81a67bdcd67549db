using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Actors;
using Sluice.Cluster.Api;
using Sluice.Cluster.Membership;
using Sluice.Cluster.Nodes;
using Sluice.Cluster.Seed;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Tests.Seed;

public sealed class SeedNodeTests : IAsyncLifetime
{
    private readonly List<NodeHost> _hosts = [];
    private HttpClient _http = null!;
    private SeedNode _seed = null!;

    public Task InitializeAsync() => StartAsync(TimeSpan.FromSeconds(120));

    public async Task DisposeAsync()
    {
        _http.Dispose();
        foreach (var host in _hosts)
            await host.DisposeAsync();
        _hosts.Clear();
        await _seed.DisposeAsync();
    }

    [Fact]
    public async Task Health_needs_no_token_and_the_api_does()
    {
        using var stranger = new HttpClient { BaseAddress = _http.BaseAddress };
        Assert.Equal("ok", await stranger.GetStringAsync("/healthz"));

        foreach (var token in (string?[])[null, "wrong", ApiToken.FromSecret("other"), ApiToken.FromSecret("secret").ToUpperInvariant()])
        {
            stranger.DefaultRequestHeaders.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
            foreach (var path in (string[])["/api/v1/nodes", "/api/v1/actors", "/api/v1/logs"])
            {
                var refused = await stranger.GetAsync(path);
                Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
            }

            var call = await stranger.PostAsync("/api/v1/call/runs.trigger", Json("{}"));
            Assert.Equal(HttpStatusCode.Unauthorized, call.StatusCode);
            Assert.Contains("Bearer", await ErrorAsync(call), StringComparison.Ordinal);
        }

        Assert.Equal(HttpStatusCode.OK, (await _http.GetAsync("/api/v1/nodes")).StatusCode);
    }

    [Fact]
    public async Task Without_a_leader_a_call_is_told_so_and_with_one_it_is_forwarded()
    {
        var early = await _http.PostAsync("/api/v1/call/runs.trigger", Json("{}"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, early.StatusCode);
        Assert.StartsWith("No scheduler leads at the moment: none has told this seed that it does, since the seed began at 2", await ErrorAsync(early), StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(2), early.Headers.RetryAfter?.Delta);

        var scheduler = await JoinAsync("scheduler", NodeRole.Scheduler);
        scheduler.Serve(Methods.Operator, scheduler.System.Spawn(
            Props.Create(() => new Answerer(asked =>
            {
                var call = asked.Read<OperatorCall>();
                if (call.Name == "runs.trigger")
                    asked.Reply($$"""{"who":"{{call.Who}}","got":{{call.Body}}}""");
                else
                    asked.Fail(404, $"There is no operation '{call.Name}'.");
            })),
            "operator"));
        scheduler.Membership.Tell(new ClaimLeadership(new LeaderClaim("scheduler", "127.0.0.1:1", 4)));
        await Until.True(() => _http.GetStringAsync("/api/v1/nodes").Result.Contains("\"epoch\":4", StringComparison.Ordinal), "the claim is known");

        var triggered = await _http.PostAsync("/api/v1/call/runs.trigger", Json("""{"dag":"etl"}"""));
        Assert.Equal("""{"who":"token","got":{"dag":"etl"}}""", await triggered.Content.ReadAsStringAsync());
        Assert.Equal("application/json", triggered.Content.Headers.ContentType!.MediaType);
        var unknown = await _http.PostAsync("/api/v1/call/nonsense", Json("{}"));
        Assert.Equal((HttpStatusCode.NotFound, "There is no operation 'nonsense'."), (unknown.StatusCode, await ErrorAsync(unknown)));
        var broken = await _http.PostAsync("/api/v1/call/runs.trigger", Json("{"));
        Assert.Equal(HttpStatusCode.BadRequest, broken.StatusCode);

        await scheduler.DisposeAsync();
        await Until.True(() => !_seed.Host.Linked.Any(), "the scheduler is gone");
        var late = await _http.PostAsync("/api/v1/call/runs.trigger", Json("{}"));
        await AssertAbsentAsync(late);
    }

    [Fact]
    public async Task A_leader_that_goes_away_with_a_question_in_hand_leaves_no_doubt_about_what_is_known()
    {
        var asked = 0;
        var scheduler = await LeadAsync("scheduler", 1, _ => Interlocked.Increment(ref asked));
        var calls = new[] { Operations.ListDags, Operations.TriggerRun, "of.a_later_version" }
            .Select(operation => _http.PostAsync($"/api/v1/call/{operation}", Json("{}"))).ToArray();
        await Until.True(() => Volatile.Read(ref asked) == 3, "the leader has the questions");

        await scheduler.DisposeAsync();

        await AssertAbsentAsync(await calls[0]);
        Assert.DoesNotContain("not known", await ErrorAsync(await calls[0]), StringComparison.Ordinal);
        foreach (var call in calls[1..])
        {
            await AssertAbsentAsync(await call);
            Assert.Contains("It is not known whether '", await ErrorAsync(await call), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_question_that_changes_nothing_goes_to_the_leader_that_has_come_meanwhile()
    {
        var asked = 0;
        var old = await LeadAsync("old", 1, _ => Interlocked.Increment(ref asked));
        var read = _http.PostAsync($"/api/v1/call/{Operations.ListDags}", Json("{}"));
        var write = _http.PostAsync($"/api/v1/call/{Operations.TriggerRun}", Json("{}"));
        await Until.True(() => Volatile.Read(ref asked) == 2, "the old leader has the questions");
        await LeadAsync("new", 2, question => question.Reply("\"new\""));

        await old.DisposeAsync();

        Assert.Equal("\"new\"", await (await read).Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await write).StatusCode);
        Assert.Equal(
            "The leader changed before 'runs.trigger' was answered; new at 127.0.0.1:1 leads now. It is not known whether 'runs.trigger' was done: look before you ask for it again.",
            await ErrorAsync(await write));
    }

    [Theory]
    [InlineData(504, HttpStatusCode.ServiceUnavailable, "It stopped. ")]
    [InlineData(0, HttpStatusCode.GatewayTimeout, "The leader, scheduler at 127.0.0.1:1, did not answer 'OPERATION' within 0.2 s; it was last heard at 2")]
    public async Task A_leader_that_does_not_know_or_does_not_answer_is_named(int answer, HttpStatusCode status, string says)
    {
        if (answer == 0)
        {
            await DisposeAsync();
            await StartAsync(TimeSpan.FromSeconds(0.2));
        }

        await LeadAsync("scheduler", 1, question =>
        {
            if (answer > 0)
                question.Fail(answer, "It stopped.");
        });

        foreach (var (operation, next) in new[] { (Operations.ShowRun, "Try again."), (Operations.CancelRun, "It is not known whether 'runs.cancel' was done: look before you ask for it again.") })
        {
            using var response = await _http.PostAsync($"/api/v1/call/{operation}", Json("{}"));
            Assert.Equal(status, response.StatusCode);
            Assert.NotNull(response.Headers.RetryAfter);
            Assert.StartsWith(says.Replace("OPERATION", operation, StringComparison.Ordinal), await ErrorAsync(response), StringComparison.Ordinal);
            Assert.EndsWith(next, await ErrorAsync(response), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Nodes_and_their_actors_are_listed()
    {
        var worker = await JoinAsync("worker", NodeRole.Worker);
        await Until.True(() => _http.GetStringAsync("/api/v1/nodes").Result.Contains("\"id\":\"worker\"", StringComparison.Ordinal), "the worker joined");

        using var nodes = JsonDocument.Parse(await _http.GetStringAsync("/api/v1/nodes"));
        Assert.Equal(["seed", "worker"], nodes.RootElement.GetProperty("nodes").EnumerateArray().Select(node => node.GetProperty("name").GetString()));
        Assert.False(nodes.RootElement.TryGetProperty("leader", out _));
        Assert.Equal(["seed", "worker"], nodes.RootElement.GetProperty("nodes").EnumerateArray().Select(node => node.GetProperty("role").GetString()));

        using var trees = JsonDocument.Parse(await _http.GetStringAsync("/api/v1/actors"));
        var seed = trees.RootElement.EnumerateArray().First();
        Assert.Equal(["/membership", "/seed"], seed.GetProperty("actors").EnumerateArray().Select(actor => actor.GetProperty("path").GetString()));
        var member = trees.RootElement.EnumerateArray().Last();
        Assert.Equal("worker", member.GetProperty("node").GetProperty("id").GetString());
        Assert.Equal("MembershipActor", member.GetProperty("actors")[0].GetProperty("type").GetString());
        Assert.Equal(0, member.GetProperty("actors")[0].GetProperty("mailbox_depth").GetInt32());
        Assert.Same(worker, _hosts[0]);
    }

    [Fact]
    public async Task A_log_comes_from_its_worker()
    {
        var worker = await JoinAsync("worker", NodeRole.Worker);
        worker.Serve(Methods.FetchLog, worker.System.Spawn(
            Props.Create(() => new Answerer(asked =>
            {
                var ask = asked.Read<FetchLog>();
                asked.ReplyWith(new LogContent($"{ask.Dag} {ask.Run} {ask.Task} {ask.Token} {ask.Offset}", 7, true));
            })),
            "logs"));
        await Until.True(() => _http.GetStringAsync("/api/v1/nodes").Result.Contains("\"id\":\"worker\"", StringComparison.Ordinal), "the worker joined");

        Assert.Equal(
            new LogContent("etl r+1 load 2 5", 7, true),
            WireJson.Read<LogContent>(await _http.GetStringAsync("/api/v1/logs?dag=etl&run=r%2B1&task=load&token=2&worker=worker&offset=5")));
        Assert.Equal(HttpStatusCode.BadRequest, (await _http.GetAsync("/api/v1/logs?dag=etl")).StatusCode);
        var gone = await _http.GetAsync("/api/v1/logs?dag=etl&run=r&task=load&token=2&worker=other");
        Assert.Equal("Worker other is not linked to this seed; its logs can be read when it is back.", await ErrorAsync(gone));
    }

    [Fact]
    public async Task A_seed_inside_one_process_serves_the_api_of_its_in_process_nodes()
    {
        var network = new InProcessNetwork();
        await using var seed = await SeedNode.StartAsync(
            new SeedOptions { Listen = "127.0.0.1:0", Secret = "secret" }, NullLoggerFactory.Instance, transport: network.CreateTransport);
        var system = new ActorSystem("worker", ThreadPoolDispatcher.Instance, TimeProvider.System, NullLoggerFactory.Instance);
        await using var worker = new NodeHost(
            system, network.CreateTransport(new NodeInfo("worker", NodeRole.Worker, null, "worker")), [seed.Address], NullLoggerFactory.Instance);
        await worker.StartAsync(CancellationToken.None);

        using var http = new HttpClient { BaseAddress = new Uri($"http://{seed.Address}") };
        http.DefaultRequestHeaders.Authorization = _http.DefaultRequestHeaders.Authorization;
        await Until.True(() => http.GetStringAsync("/api/v1/nodes").Result.Contains("\"id\":\"worker\"", StringComparison.Ordinal), "the worker joined");
    }

    [Fact]
    public void The_token_follows_from_the_secret()
    {
        Assert.Equal(64, ApiToken.FromSecret("secret").Length);
        Assert.NotEqual(ApiToken.FromSecret("secret"), ApiToken.FromSecret("secret2"));
    }

    private async Task StartAsync(TimeSpan callTimeout)
    {
        _seed = await SeedNode.StartAsync(
            new SeedOptions { Listen = "127.0.0.1:0", Secret = "secret", Name = "seed", CallTimeout = callTimeout }, NullLoggerFactory.Instance);
        _http = new() { BaseAddress = new Uri($"http://{_seed.Address}") };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", ApiToken.FromSecret("secret"));
    }

    /// <summary>503, when to come back, who is missing since when and what to do.</summary>
    private static async Task AssertAbsentAsync(HttpResponseMessage response)
    {
        Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(2)), (response.StatusCode, response.Headers.RetryAfter?.Delta));
        var error = await ErrorAsync(response);
        Assert.Matches(@"^No scheduler leads at the moment: the last leader, scheduler at 127\.0\.0\.1:1, is silent since 2\d{3}-\d\d-\d\d \d\d:\d\d:\d\d UTC\. ", error);
        Assert.Contains("start a scheduler", error, StringComparison.Ordinal);
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private static async Task<string?> ErrorAsync(HttpResponseMessage response)
    {
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return body.RootElement.GetProperty("error").GetString();
    }

    private async Task<NodeHost> LeadAsync(string id, long epoch, Action<IncomingRequest> answer)
    {
        var host = await JoinAsync(id, NodeRole.Scheduler);
        host.Serve(Methods.Operator, host.System.Spawn(Props.Create(() => new Answerer(answer)), "operator"));
        host.Membership.Tell(new ClaimLeadership(new LeaderClaim(id, "127.0.0.1:1", epoch)));
        await Until.True(() => _http.GetStringAsync("/api/v1/nodes").Result.Contains($"\"epoch\":{epoch}", StringComparison.Ordinal), "the claim is known");
        return host;
    }

    private async Task<NodeHost> JoinAsync(string id, NodeRole role)
    {
        var transport = new WebSocketTransport(new NodeInfo(id, role, null, id), new() { Secret = "secret" }, NullLoggerFactory.Instance);
        var system = new ActorSystem(id, ThreadPoolDispatcher.Instance, TimeProvider.System, NullLoggerFactory.Instance);
        var host = new NodeHost(system, transport, [_seed.Address], NullLoggerFactory.Instance);
        _hosts.Add(host);
        await host.StartAsync(CancellationToken.None);
        return host;
    }
}
