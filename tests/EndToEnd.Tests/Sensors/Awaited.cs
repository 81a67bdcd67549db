using Amazon.Runtime;
using Amazon.S3;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sluice.EndToEnd.Tests.Nodes;
using Sluice.EndToEnd.Tests.Transfers;
using Sluice.Services;
using Sluice.Services.Aws;

namespace Sluice.EndToEnd.Tests.Sensors;

/// <summary>What the sensors of one Dag wait for: an object, a row, an answer, a query of Athena and a job of Glue. None is there until <see cref="ComeAsync"/>.</summary>
/// <param name="mode">How the Dag's sensors wait; also its id.</param>
internal sealed class Awaited(string mode) : IAsyncDisposable
{
    /// <summary>The sensors' task ids.</summary>
    public static readonly IReadOnlyList<string> Sensors = ["key", "row", "page", "query", "job"];

    private AwsJsonServer _aws = null!;
    private WebApplication _web = null!;
    private S3Server _s3 = null!;
    private string _bucket = "";
    private string _database = "";
    private volatile bool _isThere;

    public string Mode => mode;

    public static async Task<Awaited> StartAsync(string mode, ClusterApi api)
    {
        var postgres = await PostgresServer.StartSharedAsync();
        var awaited = new Awaited(mode) { _aws = await AwsJsonServer.StartAsync(), _s3 = await S3Server.StartSharedAsync(), _database = await postgres.CreateDatabaseAsync() };
        awaited._bucket = await awaited._s3.CreateBucketAsync();
        awaited._aws.Looks = int.MaxValue;
        await Database.AskAsync(awaited._database, "CREATE TABLE days (day date)");

        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        awaited._web = builder.Build();
        awaited._web.MapGet("/api/state", () => Results.Text(awaited._isThere ? "state: done" : "state: running"));
        await awaited._web.StartAsync();

        await api.SetConnectionAsync($"s3_{mode}", S3Uri.Of(awaited._s3));
        await api.SetConnectionAsync($"db_{mode}", postgres.UriOf(awaited._database));
        await api.SetConnectionAsync($"web_{mode}", awaited._web.Urls.First() + "/api");
        await api.SetConnectionAsync($"aws_{mode}", awaited._aws.ConnectionUri);
        return awaited;
    }

    /// <summary>A Dag file whose five sensors begin at once.</summary>
    public string DagFile =>
        $$$"""
        Dag.Define("{{{mode}}}", dag =>
        {
            dag.Add("key", Wait(new S3KeySensor { BucketName = "{{{_bucket}}}", BucketKey = "in/*.csv", WildcardMatch = true, MinSize = 1, AwsConnectionId = "s3_{{{mode}}}" }));
            dag.Add("row", Wait(new SqlSensor { Sql = "SELECT count(*) FROM days WHERE day = CAST(@day AS date)", Parameters = new() { ["day"] = "2021-02-05" }, ConnectionId = "db_{{{mode}}}" }));
            dag.Add("page", Wait(new HttpSensor { HttpConnectionId = "web_{{{mode}}}", Endpoint = "state", ResponseContains = "done" }));
            dag.Add("start_query", new AthenaOperator { Query = "SELECT 1", Database = "lake", AwsConnectionId = "aws_{{{mode}}}", WaitForCompletion = false })
                .Then(dag.Add("query", Wait(new AthenaSensor { QueryExecutionId = "{{ ti.xcom_pull('start_query') }}", AwsConnectionId = "aws_{{{mode}}}" })));
            dag.Add("start_job", new GlueJobOperator { JobName = "nps", AwsConnectionId = "aws_{{{mode}}}", WaitForCompletion = false })
                .Then(dag.Add("job", Wait(new GlueJobSensor { JobName = "nps", RunId = "{{ ti.xcom_pull('start_job') }}", AwsConnectionId = "aws_{{{mode}}}" })));
        });

        static T Wait<T>(T sensor) where T : Sensor
        {
            (sensor.Mode, sensor.PokeInterval, sensor.Timeout) = (SensorMode.{{{mode}}}, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(20));
            return sensor;
        }
        """;

    /// <summary>All of it is there from now on.</summary>
    public async Task ComeAsync()
    {
        using var s3 = new AmazonS3Client(
            new BasicAWSCredentials(_s3.AccessKey, _s3.SecretKey),
            new AmazonS3Config { ServiceURL = _s3.Endpoint.ToString(), ForcePathStyle = true, AuthenticationRegion = _s3.Region, RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED });
        await s3.PutObjectAsync(new() { BucketName = _bucket, Key = "in/2021-02-05.csv", ContentBody = "id\n1\n", UseChunkEncoding = false });
        await Database.AskAsync(_database, "INSERT INTO days VALUES ('2021-02-05')");
        _isThere = true;
        _aws.Looks = 0;
    }

    public async ValueTask DisposeAsync()
    {
        await _web.DisposeAsync();
        await _aws.DisposeAsync();
    }
}
