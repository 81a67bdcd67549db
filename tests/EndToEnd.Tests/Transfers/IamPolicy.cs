using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sluice.Services.S3Faults;

namespace Sluice.EndToEnd.Tests.Transfers;

/// <summary>Of AWS's policy language what the guide's policies use: what is not allowed is denied.</summary>
/// <remarks>IAM User Guide, "Policy evaluation logic"; which action a request of S3 needs: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3".</remarks>
internal sealed class IamPolicy(JsonNode document)
{
    /// <summary>True when a statement allows what a request needs.</summary>
    public bool Allows(S3Request request)
    {
        var (action, resource, prefix) = Needs(request);
        return document["Statement"]!.AsArray().Any(statement =>
            (string?)statement!["Effect"] == "Allow"
            && Texts(statement["Action"]!).Contains(action)
            && Texts(statement["Resource"]!).Any(pattern => IsLike(resource, pattern))
            && (statement["Condition"] is not { } condition || (prefix is not null && Texts(condition["StringLike"]!["s3:prefix"]!).Any(pattern => IsLike(prefix, pattern)))));
    }

    private static (string Action, string Resource, string? Prefix) Needs(S3Request request)
    {
        var resource = $"arn:aws:s3:::{request.Bucket}{(request.Key.Length > 0 ? "/" + request.Key : "")}";
        return request.Operation switch
        {
            S3Operation.Head or S3Operation.Get => ("s3:GetObject", resource, null),
            S3Operation.Put or S3Operation.BeginUpload or S3Operation.Part or S3Operation.CompleteUpload => ("s3:PutObject", resource, null),
            S3Operation.AbortUpload => ("s3:AbortMultipartUpload", resource, null),
            S3Operation.Delete => ("s3:DeleteObject", resource, null),
            _ when request.Key.Length == 0 && request.Prefix is { } prefix => ("s3:ListBucket", resource, prefix),
            _ => throw new NotSupportedException($"Which right {request} needs is not known here."),
        };
    }

    private static IReadOnlyList<string> Texts(JsonNode one) => one is JsonArray several ? [.. several.Select(text => (string)text!)] : [(string)one!];

    private static bool IsLike(string text, string pattern) => Regex.IsMatch(text, $"^{Regex.Escape(pattern).Replace(@"\*", ".*", StringComparison.Ordinal)}$", RegexOptions.Singleline);
}
