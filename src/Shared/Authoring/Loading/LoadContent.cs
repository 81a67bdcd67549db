using System.Security.Cryptography;
using System.Text;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Objects;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Loading;

/// <summary>What tells the objects of one load from those of another.</summary>
public static class LoadContent
{
    /// <summary>Of objects that a manifest names with a hash over their rows: that; else the objects' addresses, sizes and versions.</summary>
    /// <exception cref="TaskErrorException">An object is not there, or not of the size that the manifest tells.</exception>
    public static async ValueTask<string> OfAsync(TableLoad load, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        var sizes = load.Manifest?.Entries.ToDictionary(entry => entry.Uri, entry => entry.Meta?.ContentLength);
        foreach (var uri in load.Objects)
        {
            var stored = await load.Store.HeadAsync(uri, cancellationToken) ?? throw new TaskErrorException($"There is no object {ObjectUri.Text(uri)}.");
            if (sizes?[uri] is { } size && size != stored.Size)
            {
                throw new TaskErrorException($"{ObjectUri.Text(uri)} has {stored.Size} bytes, and {size} by its manifest; run the extract again.");
            }

            text.Append(ObjectUri.Text(uri)).Append(' ').Append(stored.Size).Append(' ').AppendLine(stored.Version);
        }

        if (load.Manifest?.Meta?.Sluice?.Evidence is { Hash: { } hash } evidence)
        {
            return $"rows:{evidence.Rows}:{hash}"; // the same rows extracted again are the same load
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
