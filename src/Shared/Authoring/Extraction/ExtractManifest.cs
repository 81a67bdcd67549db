using Sluice.Authoring.Evidence;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Objects;

namespace Sluice.Authoring.Extraction;

/// <summary>What an extract tells of its objects.</summary>
internal static class ExtractManifest
{
    internal static ObjectManifest Of(ExtractRequest request, IReadOnlyList<WrittenObject> written, IReadOnlyList<SqlColumn> columns, RowEvidence? evidence) => new()
    {
        Entries = [.. written.Select(one => new ManifestEntry(ObjectUri.Text(one.Object.Uri), Mandatory: true, new(one.Object.Size, one.Rows)))],
        Meta = new(written.Sum(one => one.Object.Size), written.Sum(one => one.Rows), Origin(request, columns, evidence)),
    };

    internal static ManifestOrigin Origin(ExtractRequest request, IReadOnlyList<SqlColumn> columns, RowEvidence? evidence) => new()
    {
        Format = request.Format == FileFormat.Csv ? "csv" : "jsonl",
        Csv = request.Format == FileFormat.Csv ? request.Csv : null,
        Gzip = request.Csv.Gzip,
        Columns = [.. columns.Select(column => new ManifestColumn(column.Name, column.Type, column.Kind))],
        WrittenBy = request.WrittenBy,
        Window = request is { Incremental: { } incremental, Opened: { } window } ? new(incremental.By.Column, window.From, window.To, incremental.Owner) : null,
        Evidence = evidence,
    };
}
