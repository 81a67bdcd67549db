namespace Sluice.Services.Redshift;

/// <summary>What a cluster is set to. May be changed while it runs.</summary>
public sealed class RedshiftSettings
{
    /// <summary>Of the cluster, and of every bucket that <see cref="BucketRegions"/> does not name.</summary>
    public string Region { get; set; } = "us-east-1";

    /// <summary>Where it reaches S3, such as a proxy that knows what was asked; null for the server itself.</summary>
    public Uri? S3Endpoint { get; set; }

    /// <summary>Buckets that lie elsewhere.</summary>
    public Dictionary<string, string> BucketRegions { get; } = [];

    /// <summary>Roles by their ARN.</summary>
    public Dictionary<string, RedshiftRole> Roles { get; } = [];

    /// <summary>What <c>IAM_ROLE default</c> stands for; null for none.</summary>
    public string? DefaultRole { get; set; }

    /// <summary>An UNLOAD without rows writes objects without headers.</summary>
    public bool LeavesEmptyUnloadsEmpty { get; set; }

    /// <summary>Attaches a role to the cluster.</summary>
    public RedshiftRole Attach(string arn) => Roles[arn] = new(IsAttached: true);

    /// <summary>A role that is not attached, for <see cref="RedshiftRole.MayAssume"/> of another.</summary>
    public RedshiftRole Define(string arn) => Roles[arn] = new(IsAttached: false);
}

/// <summary>A role of IAM.</summary>
/// <param name="IsAttached">The cluster may take it on.</param>
public sealed record RedshiftRole(bool IsAttached)
{
    /// <summary>Roles that this one may take on, for chains.</summary>
    public HashSet<string> MayAssume { get; } = [];

    /// <summary>Buckets that it may read and write; null for all.</summary>
    public HashSet<string>? Buckets { get; set; }
}
