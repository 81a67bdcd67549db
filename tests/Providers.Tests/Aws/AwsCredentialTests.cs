using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Core.Connections;
using Sluice.Providers.Aws.S3;
using Sluice.Services;
using Sluice.Services.S3Faults;

namespace Sluice.Providers.Tests.Aws;

/// <summary>Who a connection is at S3: keys with a token, a profile of the machine, a role; and what its writes ask for besides.</summary>
public sealed class AwsCredentialTests : IAsyncLifetime
{
    private const string Role = "arn:aws:iam::123456789012:role/reader";

    private readonly TestFolder _folder = new();
    private S3FaultProxy _s3 = null!;
    private string _bucket = null!;

    public async Task InitializeAsync()
    {
        _s3 = await S3FaultProxy.StartAsync();
        _bucket = await (await S3Server.StartSharedAsync()).CreateBucketAsync();
    }

    public async Task DisposeAsync()
    {
        await _s3.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_session_token_goes_with_each_request()
    {
        await WriteAsync(_s3.Uri + "&session_token=of-the-session");

        Assert.Equal("of-the-session", _s3.Requests[^1].Header("x-amz-security-token"));
    }

    [Fact]
    public async Task A_profile_of_the_machine_gives_keys_and_region()
    {
        var s3 = ConnectionUri.Parse("s3", _s3.Uri);
        await File.WriteAllTextAsync(_folder["credentials"], $"[loads]\naws_access_key_id = {s3.Login}\naws_secret_access_key = {s3.Password}\naws_session_token = of-the-profile\nregion = eu-central-1\n");
        Environment.SetEnvironmentVariable("AWS_SHARED_CREDENTIALS_FILE", _folder["credentials"]);
        try
        {
            await WriteAsync($"s3:///?endpoint_url={Uri.EscapeDataString(s3.Extra["endpoint_url"])}&profile=loads");
            Assert.Equal("of-the-profile", _s3.Requests[^1].Header("x-amz-security-token"));
            Assert.Contains("/eu-central-1/s3/", _s3.Requests[^1].Header("authorization"), StringComparison.Ordinal);

            var e = Assert.Throws<TaskFailedException>(() => new S3ObjectStore(ConnectionUri.Parse("lake", "s3:///?profile=nobody")));
            Assert.Contains("this worker has no AWS profile 'nobody'", e.Message, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable("AWS_SHARED_CREDENTIALS_FILE", null);
        }
    }

    [Fact]
    public async Task A_role_is_taken_on_once_with_its_external_id_and_its_keys_sign()
    {
        var s3 = ConnectionUri.Parse("s3", _s3.Uri);
        await using var sts = await TokenService.StartAsync(s3.Login!, s3.Password!);
        var uri = $"{_s3.Uri.Replace($"{s3.Login}:{s3.Password}", "AKIDBASE:base-secret", StringComparison.Ordinal)}&role_arn={Uri.EscapeDataString(Role)}&external_id=of-the-owner&sts_endpoint_url={Uri.EscapeDataString(sts.Url)}";

        await WriteAsync(uri, writes: 2);

        var asked = Assert.Single(sts.Asked);
        Assert.Equal(("AssumeRole", Role, "of-the-owner"), (asked["Action"], asked["RoleArn"], asked["ExternalId"]));
        Assert.Contains("Credential=AKIDBASE/", asked["authorization"], StringComparison.Ordinal);
        Assert.Equal("of-the-role", _s3.Requests[^1].Header("x-amz-security-token"));
    }

    [Theory]
    [InlineData("s3://key:secret@/?profile=x", "has keys of its own and a profile")]
    [InlineData("s3://key:secret@/?external_id=x", "goes with a role_arn")]
    [InlineData("s3://key:secret@/?profil=x", "there is no setting 'profil'; known: endpoint_url, region, session_token, profile, role_arn")]
    [InlineData("s3://key@/", "needs both an access key and a secret")]
    public void Settings_that_contradict_each_other_are_told(string uri, string why) =>
        Assert.Contains(why, Assert.Throws<TaskFailedException>(() => new S3ObjectStore(ConnectionUri.Parse("lake", uri))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(10, S3Operation.Put)]
    [InlineData(9 << 20, S3Operation.BeginUpload)]
    public async Task Storage_class_encryption_and_tags_go_with_the_write_that_makes_the_object(int size, S3Operation operation)
    {
        await WriteAsync(
            _s3.Uri, size: size, options: new() { StorageClass = "STANDARD_IA", Encryption = "aws:kms", KmsKeyId = "alias/lake", Tags = new Dictionary<string, string> { ["owner"] = "data & co", ["day"] = "2021-02-05" } });

        var request = _s3.Requests.Single(request => request.Operation == operation);
        Assert.Equal(
            ("STANDARD_IA", "aws:kms", "alias/lake", "owner=data%20%26%20co&day=2021-02-05"),
            (request.Header("x-amz-storage-class"), request.Header("x-amz-server-side-encryption"), request.Header("x-amz-server-side-encryption-aws-kms-key-id"), request.Header("x-amz-tagging")));
    }

    [Fact]
    public async Task A_write_that_may_not_replace_asks_S3_itself_to_refuse_one_that_is_there()
    {
        await WriteAsync(_s3.Uri, options: new() { Replace = false });

        Assert.Equal("*", _s3.Requests.Single(request => request.Operation == S3Operation.Put).Header("if-none-match"));
    }

    private async Task WriteAsync(string uri, int writes = 1, int size = 10, ObjectWriteOptions? options = null)
    {
        await using var store = new S3ObjectStore(ConnectionUri.Parse("lake", uri));
        for (var time = 0; time < writes; time++)
        {
            await using var write = await store.OpenWriteAsync(ObjectUri.Create("s3", _bucket, $"object-{time}"), options ?? new() { Replace = true }, CancellationToken.None);
            await write.Body.WriteAsync(new byte[size]);
            await write.CommitAsync(CancellationToken.None);
        }
    }
}
