using Amazon.Runtime;
using Sluice.Authoring.Hooks;
using Sluice.Core.Connections;
using Sluice.Providers.Aws.S3;

namespace Sluice.Providers.Aws.Redshift;

/// <summary>Who Redshift is when it fetches from S3, or writes there.</summary>
/// <param name="Clause">As COPY and UNLOAD want it. Never logged.</param>
/// <param name="Masked">The same without secrets.</param>
internal sealed record CopyCredentials(string Clause, string Masked)
{
    private const string Mask = "***";

    private string[] Secrets { get; init; } = [];

    /// <summary>Those of a cluster, and the region in which it looks for the bucket; null for its own.</summary>
    /// <param name="cluster">Its own role goes first.</param>
    /// <param name="s3">The S3 connection's role, else its keys.</param>
    /// <exception cref="Authoring.Operators.TaskErrorException">There is no role, and no keys can be found.</exception>
    internal static async ValueTask<(CopyCredentials Credentials, string? Region)> OfAsync(Connection cluster, AwsSettings s3) => (
        (cluster.Extra.GetValueOrDefault("iam_role") ?? s3.RoleArn) is { } role ? Role(role) : Keys(await s3.CurrentAsync()),
        s3.Region ?? cluster.Extra.GetValueOrDefault("region"));

    /// <summary>A role that is attached to the cluster; <c>default</c> for its default one.</summary>
    /// <param name="arns">Roles with commas between are a chain: each is taken on by the one before.</param>
    internal static CopyCredentials Role(string arns)
    {
        // Redshift takes a blank behind the comma for a part of the name.
        var chain = string.Join(',', arns.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        var clause = chain == "default" ? "IAM_ROLE default" : $"IAM_ROLE {RedshiftSql.Literal(chain)}";
        return new(clause, clause);
    }

    /// <summary>Keys, which the server sees in the statement.</summary>
    internal static CopyCredentials Keys(ImmutableCredentials keys)
    {
        string[] secrets = keys.UseToken ? [keys.AccessKey, keys.SecretKey, keys.Token] : [keys.AccessKey, keys.SecretKey];
        return new(KeyClause([.. secrets.Select(RedshiftSql.Literal)]), KeyClause([.. secrets.Select(_ => $"'{Mask}'")]))
        {
            Secrets = [.. secrets.Concat(secrets.Select(secret => RedshiftSql.Literal(secret)[1..^1])).Distinct().OrderByDescending(secret => secret.Length)],
        };
    }

    /// <summary>A statement or a message without the secrets.</summary>
    internal string Scrub(string text) =>
        Secrets.Aggregate(text.Replace(Clause, Masked, StringComparison.Ordinal), (scrubbed, secret) => scrubbed.Replace(secret, Mask, StringComparison.Ordinal));

    /// <summary>The same without the secrets: Redshift repeats parts of a statement in some of its answers, and so does the driver's own exception.</summary>
    internal SqlHookException Scrub(SqlHookException refused)
    {
        var whole = refused.ToString();
        return new(Scrub(refused.Message), refused.IsTransient, Scrub(whole) == whole ? refused.InnerException : null);
    }

    private static string KeyClause(string[] literals) =>
        $"ACCESS_KEY_ID {literals[0]} SECRET_ACCESS_KEY {literals[1]}" + (literals.Length < 3 ? "" : $" SESSION_TOKEN {literals[2]}");
}
