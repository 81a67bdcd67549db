using Amazon;
using Amazon.Runtime;
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
/// <param name="Keys">Null for the SDK's own chain.</param>
internal sealed record AwsSettings(string? Id, string? Region, string? Endpoint, string? RoleArn, AWSCredentials? Keys)
{
    private static readonly string[] Known = ["endpoint_url", "region", "session_token", "role_arn"];

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
        return new(
            connection.Id,
            connection.Extra.GetValueOrDefault("region"),
            connection.Extra.GetValueOrDefault("endpoint_url"),
            connection.Extra.GetValueOrDefault("role_arn"),
            connection.Login is null ? null
                : token is null ? new BasicAWSCredentials(connection.Login, connection.Password)
                : new SessionAWSCredentials(connection.Login, connection.Password, token));
    }

    /// <summary>The credentials to sign with, the role taken on; null for the SDK's own chain.</summary>
    internal AWSCredentials? Credentials() =>
        RoleArn is null ? Keys : new AssumedRole(this);

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

    // Renewed before they end, so that a long upload goes on.
    private sealed class AssumedRole(AwsSettings settings) : RefreshingAWSCredentials
    {
        protected override async Task<CredentialsRefreshState> GenerateNewCredentialsAsync()
        {
            var config = settings.Configure(new AmazonSecurityTokenServiceConfig());
            using var service = settings.Keys is null ? new AmazonSecurityTokenServiceClient(config) : new AmazonSecurityTokenServiceClient(settings.Keys, config);
            var role = await service.AssumeRoleAsync(new AssumeRoleRequest { RoleArn = settings.RoleArn, RoleSessionName = "sluice" });
            return new(
                new(role.Credentials.AccessKeyId, role.Credentials.SecretAccessKey, role.Credentials.SessionToken),
                role.Credentials.Expiration ?? DateTime.UtcNow);
        }
    }
}
