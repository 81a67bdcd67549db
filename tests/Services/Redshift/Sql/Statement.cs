using Sluice.Services.Redshift.Copying;
using Sluice.Services.Redshift.Unloading;

namespace Sluice.Services.Redshift.Sql;

/// <summary>A statement of a client, and what becomes of it.</summary>
/// <param name="Original">As the client wrote it.</param>
internal abstract record Statement(string Original)
{
    /// <summary>PostgreSQL runs it, perhaps in other words.</summary>
    /// <param name="Original">As the client wrote it.</param>
    /// <param name="Text">For PostgreSQL.</param>
    internal sealed record Passed(string Original, string Text) : Statement(Original)
    {
        /// <summary>Run behind it.</summary>
        public string? Afterwards { get; init; }
    }

    /// <summary>This server fetches and PostgreSQL takes the rows.</summary>
    internal sealed record Copied(string Original, CopyStatement Copy) : Statement(Original);

    /// <summary>PostgreSQL gives the rows and this server stores them.</summary>
    internal sealed record Unloaded(string Original, UnloadStatement Unload) : Statement(Original);
}
