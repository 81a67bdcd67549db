using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Aws.Sensors;
using Sluice.Services;

namespace Sluice.Providers.Tests.Aws;

public sealed class S3OperatorTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Objects_are_listed_copied_and_deleted_in_S3_and_in_a_folder()
    {
        var s3 = await S3Server.StartSharedAsync();
        var bucket = await s3.CreateBucketAsync();
        var run = new TaskRun().With("s3", $"s3://{s3.AccessKey}:{s3.SecretKey}@/?endpoint_url={Uri.EscapeDataString(s3.Endpoint.ToString().TrimEnd('/'))}&region={s3.Region}");
        await File.WriteAllTextAsync(_folder["a.csv"], "id\n1\n");
        foreach (var key in new[] { "in/a.csv", "in/b 가.csv", "in/deep/c.csv", "in/d.txt" })
        {
            await run.ExecuteAsync(new S3CopyOperator { SourceUri = _folder.Uri("a.csv"), DestinationUri = $"s3://{bucket}/{key}", DestinationConnectionId = "s3" });
        }

        Assert.Equal([$"s3://{bucket}/in/a.csv", $"s3://{bucket}/in/b 가.csv", $"s3://{bucket}/in/deep/c.csv"], await ListAsync("in/*.csv"));
        Assert.Equal(4, (await ListAsync("in/")).Count);
        await Assert.ThrowsAsync<ObjectExistsException>(() => run.As(attempt: 1, key: 2).ExecuteAsync(Copy("in/a.csv", "in/d.txt")));
        await run.ExecuteAsync(Copy("in/a.csv", "out/a.csv"));
        await run.ExecuteAsync(new S3CopyOperator { SourceUri = $"s3://{bucket}/out/a.csv", DestinationUri = _folder.Uri("back.csv"), SourceConnectionId = "s3", DestinationConnectionId = "s3" });
        Assert.Equal("id\n1\n", await File.ReadAllTextAsync(_folder["back.csv"]));
        Assert.Contains("There is no object", (await Assert.ThrowsAsync<TaskErrorException>(() => run.ExecuteAsync(Copy("in/none", "x")))).Message, StringComparison.Ordinal);

        Assert.Equal(0, await run.ExecuteAsync(Delete("in/a"))); // one object is meant, not all that begin so
        Assert.Equal(3, await run.ExecuteAsync(Delete("in/*.csv", "in/none")));
        Assert.Equal([$"s3://{bucket}/in/d.txt"], await ListAsync("in/"));
        Assert.Contains("means everything", (await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(Delete("*")))).Message, StringComparison.Ordinal);

        async Task<List<string>> ListAsync(string pattern) =>
            (List<string>)(await run.ExecuteAsync(new S3ListOperator { Uri = $"s3://{bucket}/{pattern}", AwsConnectionId = "s3" }))!;

        S3CopyOperator Copy(string from, string to) => new() { SourceUri = $"s3://{bucket}/{from}", DestinationUri = $"s3://{bucket}/{to}", SourceConnectionId = "s3" };

        S3DeleteOperator Delete(params string[] keys) => new() { Uris = [.. keys.Select(key => $"s3://{bucket}/{key}")], AwsConnectionId = "s3" };
    }

    [Fact]
    public async Task A_sensor_for_a_key_can_ask_for_a_size()
    {
        await File.WriteAllTextAsync(_folder["a.csv"], "");
        var sensor = new S3KeySensor { BucketKey = _folder.Uri("*.csv"), WildcardMatch = true, MinSize = 1 };

        Assert.Equal(Poke.NotYet, await new TaskRun().PokeAsync(sensor));
        await File.WriteAllTextAsync(_folder["b.csv"], "x");
        Assert.Equal(Poke.Done, await new TaskRun().PokeAsync(sensor));
    }
}
