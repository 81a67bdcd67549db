using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Amazon.Runtime.Credentials;
using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;
using Sluice.Core.Connections;
using Sluice.Authoring.Operators;

namespace Sluice.Providers.Aws.S3;

/// <summary>What a connection of type <c>s3</c> or <c>aws</c> says.</summary>
/// <param name="Id">Null when there is no connection, and the SDK's own chain is asked.</param>
/// <param name="Region">Null for the SDK's own.</param>
/// <param name="Endpoint">Of an S3 look-alike; null for AWS.</param>
/// <param name="RoleArn">A role to take on; null for none.</param>
/// <param name="Keys">Its own, or those of a profile; null for the SDK's own chain.</param>
internal sealed record AwsSettings(string? Id, string? Region, string? Endpoint, string? RoleArn, AWSCredentials? Keys)
{
    // The SDK reads this name too, but once in a process.
    private const string ProfileFile = "AWS_SHARED_CREDENTIALS_FILE";

    private static readonly string[] Known = ["endpoint_url", "region", "session_token", "profile", "role_arn", "external_id", "sts_endpoint_url"];

    // One for all requests: it keeps the role's keys until shortly before they end.
    private AssumedRole? _role;

    /// <exception cref="TaskFailedException">The connection has a setting that nobody reads, or half a key.</exception>
    internal static AwsSettings Of(Connection? connection)
    {
        if (connection is null)
        {
            return new(null, null, null, null, null);
        }

        if (connection.Type is not ("s3" or "aws"))
        {
            throw new TaskFailedException($"Connection '{connection.Id}' of type '{connection.Type}' is no connection of S3; write s3://key:secret@/?region=eu-west-1.");
        }

        if (connection.Extra.Keys.FirstOrDefault(key => !Known.Contains(key)) is { } unknown)
        {
            throw new TaskFailedException($"Connection '{connection.Id}': there is no setting '{unknown}'; known: {string.Join(", ", Known)}.");
        }

        if (connection.Login is null != connection.Password is null)
        {
            throw new TaskFailedException($"Connection '{connection.Id}' needs both an access key and a secret, or neither.");
        }

        var token = connection.Extra.GetValueOrDefault("session_token");
        var profile = connection.Extra.GetValueOrDefault("profile");
        if (profile is not null && connection.Login is not null)
        {
            throw new TaskFailedException($"Connection '{connection.Id}' has keys of its own and a profile; leave out one of them.");
        }

        if (connection.Extra.ContainsKey("external_id") && !connection.Extra.ContainsKey("role_arn"))
        {
            throw new TaskFailedException($"Connection '{connection.Id}' has an external_id, which goes with a role_arn.");
        }

        var (keys, region) = profile is null ? (null, null) : Profile(connection.Id, profile);
        return new(
            connection.Id,
            connection.Extra.GetValueOrDefault("region") ?? region,
            connection.Extra.GetValueOrDefault("endpoint_url"),
            connection.Extra.GetValueOrDefault("role_arn"),
            connection.Login is null ? keys
                : token is null ? new BasicAWSCredentials(connection.Login, connection.Password)
                : new SessionAWSCredentials(connection.Login, connection.Password, token))
        {
            ExternalId = connection.Extra.GetValueOrDefault("external_id"),
            StsEndpoint = connection.Extra.GetValueOrDefault("sts_endpoint_url"),
        };
    }

    /// <summary>What the role asks for besides its name; null for nothing.</summary>
    internal string? ExternalId { get; init; }

    /// <summary>Where the role is taken on; null for AWS's own place in the region.</summary>
    internal string? StsEndpoint { get; init; }

    /// <summary>The credentials to sign with, the role taken on; null for the SDK's own chain.</summary>
    internal AWSCredentials? Credentials() =>
        RoleArn is null ? Keys : LazyInitializer.EnsureInitialized(ref _role, () => new AssumedRole(this));

    /// <summary>The credentials as they are now.</summary>
    /// <exception cref="TaskErrorException">None can be found.</exception>
    internal async ValueTask<ImmutableCredentials> CurrentAsync()
    {
        try
        {
            return await (Credentials() ?? DefaultAWSCredentialsIdentityResolver.GetCredentials()).GetCredentialsAsync();
        }
        catch (Exception e) when (S3Errors.IsOfSdk(e))
        {
            throw new TaskErrorException($"No AWS credentials were found: {e.Message}", e);
        }
    }

    internal T Configure<T>(T config)
        where T : ClientConfig
    {
        if (Region is not null)
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(Region);
        }

        return config;
    }

    private static (AWSCredentials Keys, string? Region) Profile(string connection, string name)
    {
        var files = new CredentialProfileStoreChain(Environment.GetEnvironmentVariable(ProfileFile));
        try
        {
            return files.TryGetProfile(name, out var profile)
                ? (profile.GetAWSCredentials(files), profile.Region?.SystemName)
                : throw new TaskFailedException($"Connection '{connection}': this worker has no AWS profile '{name}'; it belongs into ~/.aws/credentials or the file that {ProfileFile} names.");
        }
        catch (Exception e) when (e is AmazonClientException or InvalidOperationException)
        {
            throw new TaskFailedException($"Connection '{connection}': AWS profile '{name}' cannot be used: {e.Message}", e);
        }
    }

    // Renewed before they end, so that a long upload goes on.
    private sealed class AssumedRole : RefreshingAWSCredentials
    {
        private static readonly TimeSpan BeforeTheEnd = TimeSpan.FromMinutes(5);

        private readonly AwsSettings _settings;

        internal AssumedRole(AwsSettings settings)
        {
            _settings = settings;
            ExpirationBuffer = BeforeTheEnd;
        }

        protected override async Task<CredentialsRefreshState> GenerateNewCredentialsAsync()
        {
            var config = _settings.Configure(new AmazonSecurityTokenServiceConfig());
            if (_settings.StsEndpoint is not null)
            {
                (config.ServiceURL, config.AuthenticationRegion) = (_settings.StsEndpoint, _settings.Region);
            }

            using var service = _settings.Keys is null ? new AmazonSecurityTokenServiceClient(config) : new AmazonSecurityTokenServiceClient(_settings.Keys, config);
            var role = await service.AssumeRoleAsync(new AssumeRoleRequest { RoleArn = _settings.RoleArn, RoleSessionName = "sluice", ExternalId = _settings.ExternalId });
            return new(
                new(role.Credentials.AccessKeyId, role.Credentials.SecretAccessKey, role.Credentials.SessionToken),
                role.Credentials.Expiration ?? DateTime.UtcNow);
        }
    }
}
