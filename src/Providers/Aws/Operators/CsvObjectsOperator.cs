using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Providers.Aws.Operators;

/// <summary>Reads or writes CSV objects: where they lie, and how they are written.</summary>
public abstract class CsvObjectsOperator : Operator
{
    private protected CsvObjectsOperator()
    {
    }

    /// <summary>Bucket of the objects.</summary>
    [Templated]
    public string? S3Bucket { get; set; }

    /// <summary>Key of the object; a load also takes the key of a manifest, or what keys begin with.</summary>
    [Templated]
    public string? S3Key { get; set; }

    /// <summary>Instead of bucket and key: <c>s3://bucket/key</c>, or <c>file:///folder/name.csv</c> for a folder that the worker sees.</summary>
    [Templated]
    public string? Uri { get; set; }

    /// <summary>Connection of S3. Default: the AWS SDK's own chain (environment, profile, role of the machine); Redshift then needs <c>iam_role</c> in its own connection.</summary>
    [Templated]
    public string? AwsConnectionId { get; set; }

    /// <summary>Between two fields: one ASCII character, or <c>\t</c>. Default: comma.</summary>
    public string Delimiter { get; set; } = ",";

    /// <summary>First line names the columns. Default: true.</summary>
    public bool Header { get; set; } = true;

    /// <summary>Compressed with gzip. Default: when the key ends in <c>.gz</c>.</summary>
    public bool? Gzip { get; set; }

    /// <summary>Unquoted text for NULL. Default: nothing; an empty string is <c>""</c>.</summary>
    public virtual string NullMarker { get; set; } = "";

    /// <summary>Where the objects lie.</summary>
    /// <exception cref="TaskFailedException">Both ways to say it were used, or neither.</exception>
    internal Uri Address() => ObjectAddress.Resolve(S3Bucket, S3Key, Uri);

    /// <summary>How an object is written.</summary>
    /// <exception cref="TaskFailedException">The delimiter is not one character.</exception>
    internal CsvFormat Csv(Uri uri) => ObjectAddress.Format(Delimiter, Header, Gzip, NullMarker, uri);
}
