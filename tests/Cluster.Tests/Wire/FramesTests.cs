using System.Text;
using System.Text.Json;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;

namespace Sluice.Cluster.Tests.Wire;

public sealed class FramesTests
{
    private static readonly DateTimeOffset Noon = new(2021, 2, 5, 12, 0, 0, TimeSpan.Zero);
    private static readonly NodeInfo Node = new("n1", NodeRole.Worker, "host:1", "worker");
    private static readonly AttemptId Attempt = new(long.MaxValue, 3, 1);

    private static readonly Message[] OneOfEach =
    [
        new Join(Node),
        new Members([Node], new LeaderClaim("n2", "host:2", 4)),
        new LeaderClaim("n2", "host:2", 4),
        new RegisterWorker(Node, 8, ["default"], [Attempt], [new TaskReport(Attempt, new TaskOutcome { Kind = OutcomeKind.Success, XComs = [new("key", "{\"a\":1}")] })]),
        new WorkerRegistered(4, [Attempt], TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(20)),
        new Heartbeat(4, [Attempt]),
        new RunTasks(
            4,
            new RunFacts
            {
                Key = 5, Dag = new DagId("etl"), Id = new RunId("manual__1"), Type = RunType.Manual, Interval = new DataInterval(Noon, Noon.AddDays(1)), Version = "v",
            },
            [new TaskAssignment(Attempt, 2, Noon, Reschedules: 3, RemoteJob: new("glue", "jr_1") { Name = "nightly", ConnectionId = "lake" })]),
        new TaskReports([new TaskReport(Attempt, new TaskOutcome { Kind = OutcomeKind.Failed, Error = "no \"luck\" 한국어\n" })]),
        new ReportsDurable([Attempt]),
        new KillTasks(4, [Attempt], "cleared"),
        new Request(1, Methods.Actors, "{}"),
        new Response(1, null, "sorry", 503),
    ];

    [Fact]
    public void Every_kind_of_message_survives_the_wire_alone_and_together()
    {
        var kinds = typeof(Message).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Message)));
        Assert.Equal(kinds.Select(kind => kind.Name).Order(), OneOfEach.Select(message => message.GetType().Name).Order());

        foreach (var message in OneOfEach)
            Assert.Equal(Text(message), Text(Frames.Copy(message)));

        var frame = "[" + string.Join(',', OneOfEach.Select(Text)) + "]";
        Assert.Equal(OneOfEach.Select(Text), Frames.Read(Encoding.UTF8.GetBytes(frame)).Select(Text));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[null]")]
    [InlineData("{}")]
    [InlineData("[{}]")]
    [InlineData("[{\"$\":\"unknown\"}]")]
    [InlineData("[{\"$\":\"System.String\"}]")]
    [InlineData("[{\"$\":\"beat\",\"epoch\":\"x\"}]")]
    [InlineData("[{\"$\":\"beat\"")]
    public void What_is_not_a_frame_is_refused(string text)
    {
        var failure = Record.Exception(() => Frames.Read(Encoding.UTF8.GetBytes(text)));

        Assert.True(failure is JsonException or NotSupportedException, $"{failure}");
    }

    [Fact]
    public async Task A_queue_gathers_what_waits_into_few_frames_in_order()
    {
        using var queue = new SendQueue(long.MaxValue);
        for (var number = 0; number < 10_000; number++)
            Assert.Equal(SendQueue.Result.Queued, queue.Add(new Heartbeat(number, [])));
        queue.Complete();

        var frames = 0;
        var seen = new List<long>();
        while (await queue.TakeAsync(CancellationToken.None) is { } frame)
        {
            frames++;
            seen.AddRange(Frames.Read(frame.WrittenSpan).Select(message => ((Heartbeat)message).Epoch));
            queue.Recycle(frame);
        }

        Assert.Equal(Enumerable.Range(0, 10_000).Select(number => (long)number), seen);
        Assert.InRange(frames, 1, 4);
        Assert.Equal(SendQueue.Result.Full, queue.Add(new Heartbeat(1, [])));
    }

    private static string Text(Message message) => JsonSerializer.Serialize(message, WireJson.Default.Message);
}
