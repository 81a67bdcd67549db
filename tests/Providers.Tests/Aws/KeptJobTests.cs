using Sluice.Authoring.Operators;
using Sluice.Core.RemoteJobs;
using Sluice.Providers.Aws.Athena;
using Sluice.Providers.Aws.Glue;
using Sluice.Providers.Aws.RedshiftData;
using Sluice.Services.Aws;

namespace Sluice.Providers.Tests.Aws;

/// <summary>What the operators have kept of what they start, go on with, and stop for others.</summary>
public sealed class KeptJobTests
{
    public static TheoryData<string> Services => ["athena", "glue", "redshift-data"];

    [Theory, MemberData(nameof(Services))]
    public async Task A_job_is_kept_after_its_start_and_before_anyone_waits_for_it(string service)
    {
        await using var aws = await StartAsync(service);
        var run = new TaskRun().With("aws", aws.ConnectionUri);
        run.Keep = job =>
        {
            Assert.Single(aws.Started);
            Assert.True(aws.LookedAt.Count <= 1); // whether it was stopped before
            return RemoteJobAnswer.Kept;
        };

        await run.ExecuteAsync(Job(service));

        Assert.Equal(Kept(service, "job-1"), Assert.Single(run.Kept));
        Assert.True(run.Latest!.HasReleasedRemoteJob);
    }

    [Theory, MemberData(nameof(Services))]
    public async Task A_job_that_was_kept_is_gone_on_with_by_its_id_though_the_service_has_forgotten_its_token(string service)
    {
        await using var aws = await StartAsync(service);
        await new TaskRun().With("aws", aws.ConnectionUri).ExecuteAsync(Job(service, wait: false));
        aws.ForgetTokens();
        var asked = aws.Asked.Count;
        var run = new TaskRun { RemoteJob = Kept(service, "job-1") }.With("aws", aws.ConnectionUri);

        Assert.Equal("job-1", await run.ExecuteAsync(Job(service)));

        Assert.Single(aws.Started);
        Assert.Empty(run.Kept); // it is known already
        Assert.DoesNotContain(aws.Asked.Skip(asked), action => action.Contains("Start", StringComparison.Ordinal) || action.Contains("Execute", StringComparison.Ordinal) || action.EndsWith("GetJobRuns", StringComparison.Ordinal));
        Assert.True(run.Latest!.HasReleasedRemoteJob);
    }

    [Theory, MemberData(nameof(Services))]
    public async Task A_job_that_was_kept_and_is_not_known_any_more_or_was_stopped_is_looked_for_by_its_token_or_started_anew(string service)
    {
        await using var aws = await StartAsync(service);
        var run = new TaskRun { RemoteJob = Kept(service, "job-7") }.With("aws", aws.ConnectionUri);

        Assert.Equal("job-1", await run.ExecuteAsync(Job(service)));
        Assert.Equal([Kept(service, "job-1")], run.Kept);

        await StopAsync(service, aws, "job-1"); // it has ended
        run.TryNumber = 2;
        await run.ExecuteAsync(Job(service, wait: false));
        aws.Looks = int.MaxValue;
        await StopAsync(service, aws, "job-2");
        (aws.Looks, run.RemoteJob) = (1, Kept(service, "job-2"));
        Assert.Equal("job-3", await run.ExecuteAsync(Job(service)));
        Assert.Equal(Kept(service, "job-3"), run.Kept[^1]);
    }

    [Theory, MemberData(nameof(Services))]
    public async Task What_another_operator_had_kept_is_not_taken_for_its_own(string service)
    {
        await using var aws = await StartAsync(service);
        var run = new TaskRun { RemoteJob = Kept(service, "job-1") with { ConnectionId = "other" } }.With("aws", aws.ConnectionUri);

        await run.ExecuteAsync(Job(service));

        Assert.Single(aws.Started);
    }

    [Theory, MemberData(nameof(Services))]
    public async Task A_job_that_cannot_be_kept_is_stopped_and_fails_the_attempt(string service)
    {
        await using var aws = await StartAsync(service);
        aws.Looks = int.MaxValue;
        var run = new TaskRun { Keep = _ => throw new InvalidOperationException("no scheduler was reachable") }.With("aws", aws.ConnectionUri);

        var e = await Assert.ThrowsAsync<TaskErrorException>(() => run.ExecuteAsync(Job(service)));

        Assert.Contains("could not be kept: no scheduler was reachable", e.Message, StringComparison.Ordinal);
        Assert.Equal(["job-1"], aws.Stopped);
    }

    [Theory, MemberData(nameof(Services))]
    public async Task An_attempt_that_is_not_wanted_any_more_waits_for_its_kill_and_stops_then(string service)
    {
        await using var aws = await StartAsync(service);
        using var kill = new CancellationTokenSource();
        var run = new TaskRun { Keep = _ => RemoteJobAnswer.Refused(new(1, 0, 1)) }.With("aws", aws.ConnectionUri);
        var running = run.ExecuteAsync(Job(service, wait: false), kill.Token);
        await Until.TrueAsync(() => run.Log.Any(line => line.Contains("is not current", StringComparison.Ordinal)), "it is refused");
        Assert.Empty(aws.Stopped); // another attempt of its try may wait for it

        await kill.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(["job-1"], aws.Stopped);
    }

    [Theory, MemberData(nameof(Services))]
    public async Task Who_does_not_know_what_became_of_a_job_does_not_say_that_it_has_ended(string service)
    {
        await using var aws = await StartAsync(service);
        var run = new TaskRun().With("aws", aws.ConnectionUri);
        run.Keep = _ =>
        {
            aws.Refusals.Enqueue((400, "AccessDeniedException"));
            return RemoteJobAnswer.Kept;
        };
        await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(Job(service)));
        Assert.False(run.Latest!.HasReleasedRemoteJob);

        (aws.Looks, aws.End, run.Keep) = (0, "FAILED", _ => RemoteJobAnswer.Kept);
        run.TryNumber = 2;
        await Assert.ThrowsAsync<TaskErrorException>(() => run.ExecuteAsync(Job(service)));
        Assert.True(run.Latest!.HasReleasedRemoteJob);
    }

    [Theory, MemberData(nameof(Services))]
    public async Task A_killed_attempt_says_whether_it_could_stop_its_job(string service)
    {
        await using var aws = await StartAsync(service);
        aws.Looks = int.MaxValue;
        foreach (var faults in (int[])[0, int.MaxValue])
        {
            using var kill = new CancellationTokenSource();
            var run = new TaskRun { TryNumber = faults == 0 ? 1 : 2 }.With("aws", aws.ConnectionUri);
            var running = run.ExecuteAsync(Job(service), kill.Token);
            await Until.TrueAsync(() => run.Kept.Count == 1, "it is kept");
            aws.StopFaults = faults;
            await kill.CancelAsync();

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
            Assert.Equal(faults == 0, run.Latest!.HasReleasedRemoteJob);
        }
    }

    [Theory, MemberData(nameof(Services))]
    public async Task What_nobody_waits_for_is_stopped_and_what_has_ended_or_is_forgotten_is_left(string service)
    {
        await using var aws = await StartAsync(service);
        aws.Looks = int.MaxValue;
        await new TaskRun().With("aws", aws.ConnectionUri).ExecuteAsync(Job(service, wait: false));
        aws.StopFaults = 1; // asked again at once

        await StopAsync(service, aws, "job-1");
        await StopAsync(service, aws, "job-1");
        await StopAsync(service, aws, "job-9");

        Assert.Equal(["job-1"], aws.Stopped);
    }

    private static async Task<AwsJsonServer> StartAsync(string service)
    {
        var aws = await AwsJsonServer.StartAsync();
        aws.End = service == "redshift-data" ? "FINISHED" : "SUCCEEDED";
        return aws;
    }

    /// <summary>As another worker does it: on a task with its templates as they were written.</summary>
    private static async Task StopAsync(string service, AwsJsonServer aws, string id)
    {
        var blank = service switch { "athena" => (Operator)new AthenaOperator(), "glue" => new GlueJobOperator(), _ => new RedshiftDataOperator() };
        await new TaskRun().With("aws", aws.ConnectionUri).ExecuteAsync(RemoteJobStop.Of(blank, Kept(service, id)));
    }

    private static RemoteJob Kept(string service, string id) => new(service, id) { ConnectionId = "aws", Name = service == "glue" ? "nps" : null };

    private static Operator Job(string service, bool wait = true) => service switch
    {
        "athena" => new AthenaOperator { Query = "SELECT * FROM nps", AwsConnectionId = "aws", PollInterval = TimeSpan.FromMilliseconds(1), WaitForCompletion = wait },
        "glue" => new GlueJobOperator { JobName = "nps", AwsConnectionId = "aws", PollInterval = TimeSpan.FromMilliseconds(1), WaitForCompletion = wait },
        _ => new RedshiftDataOperator { Sql = "DELETE FROM nps", Database = "dev", WorkgroupName = "wg", AwsConnectionId = "aws", PollInterval = TimeSpan.FromMilliseconds(1), WaitForCompletion = wait },
    };
}
