using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;
using Sluice.Providers.Aws.Athena;
using Sluice.Providers.Aws.Glue;
using Sluice.Providers.Aws.RedshiftData;
using Sluice.Providers.Aws.Signing;
using Sluice.Services.Aws;

namespace Sluice.Providers.Tests.Aws;

public sealed class RemoteJobTests
{
    public static TheoryData<string> Services => ["athena", "glue", "redshift-data"];

    // The example of the AWS General Reference, "Signature Version 4 signing process".
    [Fact]
    public void The_signature_is_the_one_that_AWS_publishes() =>
        Assert.Equal(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, "
            + "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
            SignatureV4.Authorization(
                "GET",
                new("https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08"),
                new Dictionary<string, string>
                {
                    ["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8", ["Host"] = "iam.amazonaws.com", ["X-Amz-Date"] = "20150830T123600Z",
                },
                [],
                new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1", "iam"),
                new(2015, 8, 30, 12, 36, 0, default)));

    [Theory, MemberData(nameof(Services))]
    public async Task A_job_is_started_waited_for_and_named(string service)
    {
        await using var aws = await AwsJsonServer.StartAsync();
        aws.End = service == "redshift-data" ? "FINISHED" : "SUCCEEDED";
        var run = new TaskRun().With("aws", aws.ConnectionUri);

        Assert.Equal("job-1", await run.ExecuteAsync(Job(service)));

        var started = Assert.Single(aws.Started);
        Assert.Equal(4, aws.Asked.Count(action => !action.EndsWith("GetJobRuns", StringComparison.Ordinal))); // a start, two that see it run, one its end
        Assert.Contains("nps", started.ToJsonString(), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Services))]
    public async Task A_job_that_fails_is_told_with_the_services_reason(string service)
    {
        await using var aws = await AwsJsonServer.StartAsync();
        aws.End = "FAILED";

        var e = await Assert.ThrowsAsync<TaskErrorException>(() => new TaskRun().With("aws", aws.ConnectionUri).ExecuteAsync(Job(service)));

        Assert.Contains("job-1", e.Message, StringComparison.Ordinal);
        Assert.Contains(service switch { "athena" => "column x is not there", "glue" => "the script failed", _ => "relation does not exist" }, e.Message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Services))]
    public async Task A_lost_attempt_finds_its_job_again_and_the_next_try_starts_another(string service)
    {
        await using var aws = await AwsJsonServer.StartAsync();
        aws.End = service == "redshift-data" ? "FINISHED" : "SUCCEEDED";
        var run = new TaskRun().With("aws", aws.ConnectionUri);

        Assert.Equal("job-1", await run.ExecuteAsync(Job(service)));
        Assert.Equal("job-1", await run.ExecuteAsync(Job(service)));
        run.TryNumber = 2;
        Assert.Equal("job-2", await run.ExecuteAsync(Job(service)));
    }

    [Theory, MemberData(nameof(Services))]
    public async Task A_killed_task_stops_its_job(string service)
    {
        await using var aws = await AwsJsonServer.StartAsync();
        aws.Looks = int.MaxValue;
        using var kill = new CancellationTokenSource();
        var running = new TaskRun().With("aws", aws.ConnectionUri).ExecuteAsync(Job(service), kill.Token);
        await Until.TrueAsync(() => aws.Asked.Count >= 4, "it looks after its job");
        await kill.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Contains(aws.Asked, action => action.Split('.')[1] is "StopQueryExecution" or "BatchStopJobRun" or "CancelStatement");

        // A worker that stops kills its attempts, too; they run again as the same try.
        (aws.Looks, aws.End) = (1, service == "redshift-data" ? "FINISHED" : "SUCCEEDED");
        Assert.Equal("job-2", await new TaskRun().With("aws", aws.ConnectionUri).ExecuteAsync(Job(service)));
        Assert.Equal("job-2", await new TaskRun().With("aws", aws.ConnectionUri).ExecuteAsync(Job(service))); // lost once more
    }

    [Fact]
    public async Task Throttling_and_faults_are_tried_again_and_a_refusal_is_not()
    {
        await using var aws = await AwsJsonServer.StartAsync();
        var run = new TaskRun().With("aws", aws.ConnectionUri);
        aws.Refusals.Enqueue((400, "ThrottlingException"));
        aws.Refusals.Enqueue((503, "ServiceUnavailable"));
        aws.Refusals.Enqueue((429, "TooManyRequestsException"));
        await run.ExecuteAsync(Job("athena"));

        aws.Refusals.Enqueue((400, "InvalidRequestException"));
        var e = await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(Job("athena")));
        Assert.Equal("athena refused StartQueryExecution for connection 'aws': InvalidRequestException no", e.Message);
    }

    // Glue has no token that makes a start safe to repeat: what the first call may have started is looked for before the next.
    [Theory, MemberData(nameof(Services))]
    public async Task A_start_whose_answer_is_a_fault_or_gets_lost_starts_one_job(string service)
    {
        foreach (var fault in Enum.GetValues<AwsJsonServer.StartFault>())
        {
            await using var aws = await AwsJsonServer.StartAsync();
            aws.End = service == "redshift-data" ? "FINISHED" : "SUCCEEDED";
            aws.StartFaults.Enqueue(fault);

            Assert.Equal("job-1", await new TaskRun().With("aws", aws.ConnectionUri).ExecuteAsync(Job(service)));

            Assert.Single(aws.Started);
        }
    }

    // The first keys are within five minutes of their end already when they come; the others last.
    [Fact]
    public async Task A_role_is_taken_on_once_for_many_requests_and_again_before_its_keys_end()
    {
        await using var aws = await AwsJsonServer.StartAsync();
        await using var sts = await TokenService.StartAsync(AwsJsonServer.AccessKey, AwsJsonServer.SecretKey);
        aws.Looks = 20;
        sts.Lifetimes.Enqueue(TimeSpan.FromMinutes(4));
        var run = new TaskRun().With("aws", $"{aws.ConnectionUri}&role_arn={Uri.EscapeDataString("arn:aws:iam::123456789012:role/lake")}&sts_endpoint_url={Uri.EscapeDataString(sts.Url)}");

        await run.ExecuteAsync(Job("athena"));

        Assert.Equal(22, aws.Asked.Count);
        Assert.Equal(2, sts.Asked.Count);
    }

    [Fact]
    public async Task A_wrong_secret_and_a_missing_region_are_told()
    {
        await using var aws = await AwsJsonServer.StartAsync();
        var run = new TaskRun().With("aws", aws.ConnectionUri.Replace(Uri.EscapeDataString(AwsJsonServer.SecretKey), "wrong", StringComparison.Ordinal));
        Assert.Contains("InvalidSignatureException", (await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(Job("glue")))).Message, StringComparison.Ordinal);

        run.With("aws", "aws://a:b@/?endpoint_url=http%3A%2F%2F127.0.0.1%3A1%2F");
        if (Environment.GetEnvironmentVariable("AWS_REGION") is null && Environment.GetEnvironmentVariable("AWS_DEFAULT_REGION") is null)
        {
            Assert.Contains("No region is known", (await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(Job("glue")))).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_run_of_Glue_is_started_as_the_task_says()
    {
        await using var aws = await AwsJsonServer.StartAsync();
        var run = new TaskRun().With("aws", aws.ConnectionUri);
        GlueJobOperator Job(Action<GlueJobOperator> set)
        {
            var job = new GlueJobOperator { JobName = "nps", AwsConnectionId = "aws", WaitForCompletion = false };
            set(job);
            return job;
        }

        await run.ExecuteAsync(Job(job => (job.RunTimeout, job.WorkerType, job.NumberOfWorkers) = (TimeSpan.FromHours(2), "G.1X", 10)));
        run.TryNumber = 2;
        await run.ExecuteAsync(Job(_ => { }));

        Assert.Equal(["120 \"G.1X\" 10", "  "], aws.Started.Select(start => $"{start["Timeout"]?.ToJsonString()} {start["WorkerType"]?.ToJsonString()} {start["NumberOfWorkers"]?.ToJsonString()}"));
        Assert.Contains("whole minutes", (await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(Job(job => job.RunTimeout = TimeSpan.FromSeconds(90))))).Message, StringComparison.Ordinal);
        Assert.Contains("go together", (await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(Job(job => job.NumberOfWorkers = 2)))).Message, StringComparison.Ordinal);
        Assert.Equal(2, aws.Started.Count);
    }

    [Theory]
    [InlineData("FAILED")]
    [InlineData("CANCELLED")]
    public async Task A_sensor_fails_with_what_it_waits_for(string end)
    {
        await using var aws = await AwsJsonServer.StartAsync();
        (aws.Looks, aws.End) = (0, end);
        var run = new TaskRun().With("aws", aws.ConnectionUri);
        var query = (string)(await run.ExecuteAsync(new AthenaOperator { Query = "SELECT 1", AwsConnectionId = "aws", WaitForCompletion = false }))!;
        var job = (string)(await run.ExecuteAsync(new GlueJobOperator { JobName = "nps", AwsConnectionId = "aws", WaitForCompletion = false }))!;

        foreach (var sensor in (Sensor[])[new AthenaSensor { QueryExecutionId = query, AwsConnectionId = "aws" }, new GlueJobSensor { JobName = "nps", RunId = job, AwsConnectionId = "aws" }])
        {
            Assert.Contains($"is {end}", (await Assert.ThrowsAsync<TaskErrorException>(() => run.PokeAsync(sensor))).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Sensors_look_once_a_poke()
    {
        await using var aws = await AwsJsonServer.StartAsync();
        var run = new TaskRun().With("aws", aws.ConnectionUri);
        var query = (string)(await run.ExecuteAsync(new AthenaOperator { Query = "SELECT 1", AwsConnectionId = "aws", WaitForCompletion = false }))!;
        var sensor = new AthenaSensor { QueryExecutionId = query, AwsConnectionId = "aws" };

        Assert.Equal([Poke.NotYet, Poke.NotYet, Poke.Done], [await run.PokeAsync(sensor), await run.PokeAsync(sensor), await run.PokeAsync(sensor)]);

        var job = (string)(await run.ExecuteAsync(new GlueJobOperator { JobName = "nps", AwsConnectionId = "aws", WaitForCompletion = false }))!;
        var glue = new GlueJobSensor { JobName = "nps", RunId = job, AwsConnectionId = "aws" };
        Assert.Equal([Poke.NotYet, Poke.NotYet, Poke.Done], [await run.PokeAsync(glue), await run.PokeAsync(glue), await run.PokeAsync(glue)]);
    }

    private static Operator Job(string service) => service switch
    {
        "athena" => new AthenaOperator { Query = "SELECT * FROM nps", Database = "lake", AwsConnectionId = "aws", PollInterval = TimeSpan.FromMilliseconds(1) },
        "glue" => new GlueJobOperator { JobName = "nps", ScriptArgs = new() { ["--day"] = "2021-02-05" }, AwsConnectionId = "aws", PollInterval = TimeSpan.FromMilliseconds(1) },
        _ => new RedshiftDataOperator
        {
            Sql = "DELETE FROM nps WHERE day = :day", Parameters = new() { ["day"] = "2021-02-05" }, Database = "dev", WorkgroupName = "wg", AwsConnectionId = "aws", PollInterval = TimeSpan.FromMilliseconds(1),
        },
    };
}
