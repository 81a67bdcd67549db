using System.Net;

namespace Sluice.Services;

/// <summary>A real S3 server (s3rver) on a free port of 127.0.0.1. Ends with the test process.</summary>
/// <remarks>Clients address buckets by path and do not chunk-encode uploads.</remarks>
public sealed class S3Server : IAsyncDisposable
{
    private static readonly Lazy<Task<S3Server>> Shared = new(StartAsync);
    private static readonly HttpClient Http = new();
    private static int _buckets;

    private readonly SupervisedServer _server;

    private S3Server(SupervisedServer server) => _server = server;

    /// <summary>Base address for clients.</summary>
    public Uri Endpoint => new($"http://127.0.0.1:{_server.Port}");

    /// <summary>The one key that it knows.</summary>
    public string AccessKey => "S3RVER";

    /// <summary>The secret of <see cref="AccessKey"/>.</summary>
    public string SecretKey => "S3RVER";

    /// <summary>A region; the server takes any.</summary>
    public string Region => "us-east-1";

    /// <summary>Where its data and its log lie.</summary>
    public string Folder => _server.Folder;

    /// <summary>What the server has logged so far: a line a request.</summary>
    public string Log => _server.ReadLog();

    /// <summary>The one server of this test process; started by the first who asks. Take a bucket each; never stop it.</summary>
    public static Task<S3Server> StartSharedAsync() => Shared.Value;

    /// <summary>Starts a server for one test alone, which may stop and kill it.</summary>
    public static async Task<S3Server> StartAsync()
    {
        var node = Programs.Find("node", "nodejs");
        var script = Path.Combine(Repository.Root, "tests", "Services", "s3", "node_modules", "s3rver", "bin", "s3rver.js");
        if (!File.Exists(script))
        {
            throw new ServiceMissingException("s3rver", "the npm packages of tests/Services/s3");
        }

        var folder = SupervisedServer.CreateFolder("s3");
        var buckets = Directory.CreateDirectory(Path.Combine(folder, "buckets")).FullName;
        var supervised = await SupervisedServer.StartAsync(
            "s3rver",
            folder,
            "TERM",
            port => [node, script, "--directory", buckets, "--address", "127.0.0.1", "--port", $"{port}", "--no-vhost-buckets"],
            IsReadyAsync);
        return new(supervised);
    }

    /// <summary>Creates an empty bucket.</summary>
    /// <returns>Its name.</returns>
    public Task<string> CreateBucketAsync()
    {
        var name = $"test-bucket-{Interlocked.Increment(ref _buckets)}";

        // A bucket of s3rver is a folder; nothing is to be signed.
        Directory.CreateDirectory(Path.Combine(_server.Folder, "buckets", name));
        return Task.FromResult(name);
    }

    /// <summary>Ends the server in order.</summary>
    public Task StopAsync() => _server.StopAsync();

    /// <summary>Ends the server as a crash would (SIGKILL).</summary>
    public Task KillAsync() => _server.KillAsync();

    /// <summary>Starts it again on the same port and data.</summary>
    public Task StartAgainAsync() => _server.StartAgainAsync(IsReadyAsync);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static async Task<bool> IsReadyAsync(int port)
    {
        using var answer = await Http.GetAsync(new Uri($"http://127.0.0.1:{port}/"));
        return answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Forbidden;
    }
}
