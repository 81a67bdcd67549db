using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Sluice.Providers.Aws.Signing;

/// <summary>AWS Signature Version 4 (AWS IAM User Guide, "Create a signed AWS API request"). Pure.</summary>
internal static class SignatureV4
{
    private const string Algorithm = "AWS4-HMAC-SHA256";

    /// <summary>The value of the header Authorization.</summary>
    /// <param name="method">GET, POST.</param>
    /// <param name="address">Path and query are signed.</param>
    /// <param name="headers">All that are signed; Host and X-Amz-Date must be among them.</param>
    /// <param name="payload">The body.</param>
    /// <param name="scope">Who signs, where, and for what.</param>
    /// <param name="now">UTC; the same as in X-Amz-Date.</param>
    internal static string Authorization(
        string method, Uri address, IEnumerable<KeyValuePair<string, string>> headers, ReadOnlySpan<byte> payload, SigningScope scope, DateTimeOffset now)
    {
        var signed = headers.Select(header => (Name: header.Key.ToLowerInvariant(), Value: header.Value.Trim())).OrderBy(header => header.Name, StringComparer.Ordinal).ToList();
        var names = string.Join(';', signed.Select(header => header.Name));
        var request = string.Join('\n',
        [
            method,
            address.AbsolutePath,
            Query(address),
            string.Concat(signed.Select(header => $"{header.Name}:{header.Value}\n")),
            names,
            Hex(SHA256.HashData(payload)),
        ]);
        var day = now.UtcDateTime.ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        var place = $"{day}/{scope.Region}/{scope.Service}/aws4_request";
        var text = string.Join('\n', Algorithm, Stamp(now), place, Hex(SHA256.HashData(Encoding.UTF8.GetBytes(request))));
        var key = Mac(Mac(Mac(Mac(Encoding.UTF8.GetBytes("AWS4" + scope.SecretKey), day), scope.Region), scope.Service), "aws4_request");
        return $"{Algorithm} Credential={scope.AccessKey}/{place}, SignedHeaders={names}, Signature={Hex(Mac(key, text))}";
    }

    /// <summary>A time as X-Amz-Date wants it.</summary>
    internal static string Stamp(DateTimeOffset now) => now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    private static string Query(Uri address) => string.Join('&', address.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)
        .Select(part => part.Contains('=', StringComparison.Ordinal) ? part : part + "=").Order(StringComparer.Ordinal));

    private static byte[] Mac(byte[] key, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}

/// <summary>Who signs, where, and for what.</summary>
internal sealed record SigningScope(string AccessKey, string SecretKey, string Region, string Service);
