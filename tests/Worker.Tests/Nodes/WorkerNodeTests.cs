using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Actors;
using Sluice.Authoring.Hooks;
using Sluice.Cluster.Membership;
using Sluice.Cluster.Nodes;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;
using Sluice.Cluster.Worker;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using Sluice.Worker.Tests.Bundles;

namespace Sluice.Worker.Tests.Nodes;

/// <summary>A whole worker: actors, runners and logs, with a leader in the same process.</summary>
public sealed class WorkerNodeTests
{
    [Fact]
    public async Task Attempts_of_a_leader_run_in_runners_and_their_logs_can_be_read_from_afar()
    {
        var bundle = TestBundle.Compile("Dag.Define(\"d\", dag => dag.Run(\"t\", async ctx => { Console.WriteLine($\"task {ctx.Run.Key}\"); return ctx.TryNumber; }));");
        using var home = new TemporaryFolder("sluice-test-");
        var network = new InProcessNetwork();
        await using var leader = network.CreateTransport(new("s1", NodeRole.Scheduler, "s1:1", "scheduler"));
        var reports = new Dictionary<AttemptId, TaskOutcome>();
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var log = new TaskCompletionSource<Response>(TaskCreationOptions.RunContinuationsAsynchronously);
        await leader.StartAsync(Handle, CancellationToken.None);

        await using var host = new NodeHost(
            new("worker", ThreadPoolDispatcher.Instance, TimeProvider.System, NullLoggerFactory.Instance),
            network.CreateTransport(new("w1", NodeRole.Worker, null, "worker")), [], NullLoggerFactory.Instance);
        await host.StartAsync(CancellationToken.None);
        await using var worker = await WorkerNode.StartAsync(
            new() { Home = home.Path, Slots = 4 }, host, ProviderDiscovery.Load(), NullLoggerFactory.Instance);
        host.Membership.Tell(new ClaimLeadership(new("s1", "s1:1", 3)));

        await all.Task.WaitAsync(TimeSpan.FromSeconds(180));
        Assert.Equal(50, reports.Count);
        Assert.All(reports.Values, outcome => Assert.Equal((OutcomeKind.Success, "1"), (outcome.Kind, outcome.XComs![0].Value)));

        leader.Send("w1", new Request(99, Methods.FetchLog, WireJson.Write(new FetchLog("d", "manual__7", "t", reports.Keys.Single(id => id.Run == 7).Token, 0))));
        var content = WireJson.Read<LogContent>((await log.Task.WaitAsync(TimeSpan.FromSeconds(120))).Body!);
        Assert.EndsWith(" INFO task 7\n", content.Text, StringComparison.Ordinal);

        await worker.StopAsync();

        void Handle(PeerEvent happened)
        {
            switch ((happened as PeerMessage)?.Message)
            {
                case RegisterWorker { Slots: > 0 }:
                    leader.Send("w1", new WorkerRegistered(3, [], TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(120)));
                    for (var run = 1; run <= 50; run++)
                    {
                        leader.Send("w1", new RunTasks(3, Facts(run), [new(new(run, 0, 1), 1, null)]));
                    }

                    break;
                case RegisterWorker:
                    leader.Send("w1", new WorkerRegistered(3, [], TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(120)));
                    break;
                case Heartbeat beat:
                    leader.Send("w1", new Heartbeat(3, [], beat.Stamp));
                    break;
                case Request { Method: Methods.FetchDagVersion } request:
                    leader.Send("w1", new Response(request.Id, DagSpecJson.Serialize(bundle.Dags[0]), null));
                    break;
                case Request { Method: Methods.FetchBundle } request:
                    leader.Send("w1", new Response(request.Id, WireJson.Write(bundle.Wire), null));
                    break;
                case Response response:
                    log.TrySetResult(response);
                    break;
                case TaskReports message:
                    foreach (var report in message.Reports)
                    {
                        if (report.Outcome.Kind == OutcomeKind.HandedBack)
                        {
                            leader.Send("w1", new RunTasks(3, Facts(report.Id.Run), [new(report.Id with { Token = report.Id.Token + 1 }, 1, null)]));
                        }
                        else
                        {
                            reports[report.Id] = report.Outcome;
                        }
                    }

                    leader.Send("w1", new ReportsDurable([.. message.Reports.Select(r => r.Id)]));
                    if (reports.Count == 50)
                    {
                        all.TrySetResult();
                    }

                    break;
            }
        }

        RunFacts Facts(long run) => new()
        {
            Key = run,
            Dag = new("d"),
            Id = new($"manual__{run}"),
            Type = RunType.Manual,
            Interval = default,
            Version = "v1",
            Bundle = bundle.Hash,
        };
    }
}
