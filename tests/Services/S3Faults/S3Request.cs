using System.Globalization;
using System.Text;

namespace Sluice.Services.S3Faults;

/// <summary>What a client asks of S3.</summary>
public enum S3Operation
{
    /// <summary>GET of a bucket, and whatever else is not listed here.</summary>
    Other,

    /// <summary>HEAD of an object.</summary>
    Head,

    /// <summary>GET of an object.</summary>
    Get,

    /// <summary>PUT of an object in one piece.</summary>
    Put,

    /// <summary>CreateMultipartUpload.</summary>
    BeginUpload,

    /// <summary>UploadPart.</summary>
    Part,

    /// <summary>CompleteMultipartUpload.</summary>
    CompleteUpload,

    /// <summary>AbortMultipartUpload.</summary>
    AbortUpload,

    /// <summary>DELETE of an object.</summary>
    Delete,
}

/// <summary>One request, as the client wrote its head.</summary>
public sealed class S3Request
{
    private readonly string[] _lines;
    private readonly Dictionary<string, string> _query;

    private S3Request(string[] lines)
    {
        _lines = lines;
        var start = lines[0].Split(' ');
        var (method, target) = (start[0], start[1].Split('?', 2));
        var path = Uri.UnescapeDataString(target[0]).TrimStart('/').Split('/', 2);
        (Bucket, Key) = (path[0], path.Length > 1 ? path[1] : "");
        _query = (target.Length > 1 ? target[1] : "").Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(one => one.Split('=', 2))
            .ToDictionary(one => one[0], one => one.Length > 1 ? Uri.UnescapeDataString(one[1]) : "");
        Operation = (Key.Length > 0 ? method : "", UploadId is not null) switch
        {
            ("HEAD", _) => S3Operation.Head,
            ("GET", false) => S3Operation.Get,
            ("PUT", true) => S3Operation.Part,
            ("PUT", false) => S3Operation.Put,
            ("POST", true) => S3Operation.CompleteUpload,
            ("POST", false) when _query.ContainsKey("uploads") => S3Operation.BeginUpload,
            ("DELETE", true) => S3Operation.AbortUpload,
            ("DELETE", false) => S3Operation.Delete,
            _ => S3Operation.Other,
        };
    }

    /// <summary>What is asked.</summary>
    public S3Operation Operation { get; }

    /// <summary>The bucket.</summary>
    public string Bucket { get; }

    /// <summary>The object; empty when the bucket is asked.</summary>
    public string Key { get; }

    /// <summary>Of a part, from 1; 0 of anything else.</summary>
    public int Part => int.Parse(_query.GetValueOrDefault("partNumber", "0"), CultureInfo.InvariantCulture);

    /// <summary>The upload that it belongs to; null for none.</summary>
    public string? UploadId => _query.GetValueOrDefault("uploadId");

    /// <summary>What the keys of a listing begin with; null when none was asked for.</summary>
    public string? Prefix => _query.GetValueOrDefault("prefix");

    internal int Length => int.Parse(Header("content-length") ?? "0", CultureInfo.InvariantCulture);

    internal bool WantsContinue => Header("expect") is not null;

    /// <summary>Null when the connection ended without a request.</summary>
    internal static async Task<S3Request?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var head = new MemoryStream();
        var one = new byte[1];
        while (!Ends(head))
        {
            if (await stream.ReadAsync(one, cancellationToken) == 0)
            {
                return null;
            }

            head.Write(one);
        }

        return new(Encoding.UTF8.GetString(head.ToArray()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>A header of it; null when it has none by that name.</summary>
    public string? Header(string name) =>
        _lines.Skip(1).FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..].Trim();

    /// <summary>The head again, for a server that is to close when it has answered. None of what is changed is signed.</summary>
    internal byte[] ForServer()
    {
        var kept = _lines.Where(line => !line.StartsWith("Connection:", StringComparison.OrdinalIgnoreCase) && !line.StartsWith("Expect:", StringComparison.OrdinalIgnoreCase));
        return Encoding.UTF8.GetBytes(string.Join("\r\n", [.. kept, "Connection: close", "", ""]));
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Operation} {Bucket}/{Key}{(Part > 0 ? $" part {Part}" : "")}";

    private static bool Ends(MemoryStream head) => head.Length >= 4 && head.GetBuffer().AsSpan((int)head.Length - 4, 4).SequenceEqual("\r\n\r\n"u8);
}
