using System.Text.Json.Nodes;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;
using Sluice.Providers.All;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Aws.Sensors;
using Sluice.Services;
using Sluice.Services.S3Faults;

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

    [Theory]
    [InlineData(10, S3Operation.Put)]
    [InlineData(9 << 20, S3Operation.BeginUpload)]
    public async Task A_copy_gets_the_storage_class_encryption_and_tags_that_it_is_told(int size, S3Operation operation)
    {
        await using var s3 = await S3FaultProxy.StartAsync();
        var bucket = await (await S3Server.StartSharedAsync()).CreateBucketAsync();
        await File.WriteAllBytesAsync(_folder["a.csv"], new byte[size]);
        var run = new TaskRun().With("s3", s3.Uri);
        S3CopyOperator Copy(string key) => new() { SourceUri = _folder.Uri("a.csv"), DestinationUri = $"s3://{bucket}/{key}", DestinationConnectionId = "s3" };

        var copy = Copy("told");
        (copy.StorageClass, copy.Encryption, copy.KmsKeyId) = ("STANDARD_IA", "aws:kms", "alias/lake");
        copy.ObjectTags = new() { ["owner"] = "data & co", ["day"] = "2021-02-05" };
        await run.ExecuteAsync(copy);
        await run.ExecuteAsync(Copy("plain"));

        var requests = s3.Requests.Where(request => request.Operation == operation).ToDictionary(request => request.Key);
        Assert.Equal(["STANDARD_IA", "aws:kms", "alias/lake", "owner=data%20%26%20co&day=2021-02-05"], Settings(requests["told"]));
        Assert.Equal([null, null, null, null], Settings(requests["plain"]));

        static IEnumerable<string?> Settings(S3Request request) =>
            new[] { "x-amz-storage-class", "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id", "x-amz-tagging" }.Select(request.Header);
    }

    [Theory]
    [InlineData("storage_class", "COLD", "there is no storage class 'COLD'; use one of STANDARD")]
    [InlineData("encryption", "rot13", "there is no encryption 'rot13'; use one of AES256")]
    [InlineData("kms_key_id", "alias/lake", "a KMS key needs the encryption aws:kms")]
    [InlineData("object_tags", null, "11 tags are more than S3's 10")]
    public async Task A_copy_with_settings_that_S3_does_not_know_or_that_are_for_a_folder_is_refused_before_it_is_asked(string argument, string? value, string told)
    {
        await using var s3 = await S3FaultProxy.StartAsync();
        await File.WriteAllTextAsync(_folder["a.csv"], "id\n1\n");
        var run = new TaskRun().With("s3", s3.Uri);
        var given = value is null ? new JsonObject(Enumerable.Range(0, 11).Select(i => KeyValuePair.Create($"tag{i}", (JsonNode?)"x"))) : (JsonNode)value;
        Operator To(string uri) => new OperatorFactory(BuiltInProviders.Catalog()).Create(
            "S3CopyOperator", new JsonObject { ["source_uri"] = _folder.Uri("a.csv"), ["destination_uri"] = uri, ["destination_connection_id"] = "s3", [argument] = given.DeepClone() }.ToJsonString());

        Assert.Equal($"s3://lake/b.csv: {told}", (await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(To("s3://lake/b.csv")))).Message[..$"s3://lake/b.csv: {told}".Length]);
        Assert.EndsWith("b.csv lies in a folder, which has no storage class, encryption or tags.", (await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(To(_folder.Uri("b.csv"))))).Message, StringComparison.Ordinal);
        Assert.Empty(s3.Requests);
        Assert.False(File.Exists(_folder["b.csv"]));
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
