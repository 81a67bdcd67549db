using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Hooks;

/// <summary>URIs of objects. An author writes a key as it is (<c>s3://bucket/a b%.csv</c>); inside a <see cref="Uri"/> it is percent-encoded.</summary>
public static class ObjectUri
{
    /// <summary>Reads what an author wrote; nothing in it is decoded.</summary>
    /// <exception cref="TaskFailedException">It is no <c>s3://bucket/key</c> or <c>file:///folder/key</c>.</exception>
    public static Uri Parse(string text)
    {
        var colon = text.IndexOf("://", StringComparison.Ordinal);
        var slash = colon < 1 ? -1 : text.IndexOf('/', colon + 3);
        return slash < 0
            ? throw new TaskFailedException($"'{text}' is no address of an object; write s3://bucket/key or file:///folder/file.")
            : Create(text[..colon], text[(colon + 3)..slash], text[(slash + 1)..]);
    }

    /// <summary>Builds a URI from its parts, none of them encoded.</summary>
    /// <param name="scheme">s3 or file.</param>
    /// <param name="bucket">Empty for file.</param>
    /// <param name="key">A leading slash is passed over.</param>
    /// <exception cref="TaskFailedException">A part is one that a URI cannot carry.</exception>
    public static Uri Create(string scheme, string bucket, string key)
    {
        var segments = key.TrimStart('/').Split('/');
        if (segments.Any(segment => segment is "." or ".."))
        {
            throw new TaskFailedException($"The key '{key}' holds a '.' or '..' between slashes, which an object's address cannot.");
        }

        return Uri.TryCreate($"{scheme}://{bucket}/{string.Join('/', segments.Select(Uri.EscapeDataString))}", UriKind.Absolute, out var uri)
            ? uri
            : throw new TaskFailedException($"'{scheme}://{bucket}/{key}' is no address of an object.");
    }

    /// <summary>The key, decoded, without a leading slash.</summary>
    public static string Key(Uri uri) => Uri.UnescapeDataString(uri.AbsolutePath).TrimStart('/');

    /// <summary>As an author writes it.</summary>
    public static string Text(Uri uri) => $"{uri.Scheme}://{uri.Host}/{Key(uri)}";
}
