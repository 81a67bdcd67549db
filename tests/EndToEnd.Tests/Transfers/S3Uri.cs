using Sluice.Services;

namespace Sluice.EndToEnd.Tests.Transfers;

/// <summary>The S3 server of the tests as a connection.</summary>
internal static class S3Uri
{
    public static string Of(S3Server s3) =>
        $"s3://{s3.AccessKey}:{s3.SecretKey}@/?endpoint_url={Uri.EscapeDataString(s3.Endpoint.ToString().TrimEnd('/'))}&region={s3.Region}";
}
