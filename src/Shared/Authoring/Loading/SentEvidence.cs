using Sluice.Authoring.Evidence;
using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Loading;

/// <summary>What the extract saw of the rows that are being loaded, by the columns that are.</summary>
/// <param name="Evidence">Of the loaded columns, by the names that the objects give them.</param>
/// <param name="Columns">The same columns as the table spells them.</param>
/// <param name="Trail">Takes what is seen.</param>
public sealed record SentEvidence(RowEvidence Evidence, IReadOnlyList<string> Columns, EvidenceTrail Trail)
{
    // It compares numbers by how each is kept, so its rows are looked at, which costs little there.
    private const string Sqlite = "sqlite";

    // Columns of a CHAR, which fills each value up with blanks that a source without them did not send.
    private IReadOnlyList<string> FilledUp { get; init; } = [];

    private const string NoEvidence = "Reconcile compares with the evidence that an extract took, and these objects have none; set Reconcile on the extract too.";

    /// <summary>Finds it in the manifest.</summary>
    /// <param name="load">What is loaded.</param>
    /// <param name="drift">How its columns fit.</param>
    /// <param name="typeOf">Type of a column of the table as its catalog writes it; null where that says nothing.</param>
    /// <exception cref="TaskFailedException">The objects carry no evidence, or not of what is loaded.</exception>
    public static SentEvidence Of(TableLoad load, SchemaDrift drift, Func<string, string>? typeOf = null)
    {
        var sent = load.Manifest?.Meta?.Sluice?.Evidence
            ?? throw new TaskFailedException(NoEvidence);
        var isWhole = load.Reconcile == Reconciliation.Checksums;
        if (isWhole && (sent.Hash is null || drift.Columns.Contains(null)))
        {
            throw new TaskFailedException(sent.Hash is null
                ? "Reconcile asks for checksums, and the extract took counts only; set Reconcile to checksums there too."
                : "Reconcile cannot compare checksums where columns are not loaded; use counts, or leave them out of the extract.");
        }

        if (sent.Columns.Count != drift.Columns.Count)
        {
            throw new TaskFailedException($"The evidence is of {sent.Columns.Count} columns, and the objects have {drift.Columns.Count}.");
        }

        // Least and greatest of numbers in a column of texts would be those of texts.
        var loaded = sent.Columns.Zip(drift.Columns).Where(pair => pair.Second is not null)
            .Select(pair => (First: isWhole || !IsText(typeOf?.Invoke(pair.Second!)) ? pair.First : pair.First with { Kind = SqlColumnKind.Text, Min = null, Max = null }, pair.Second)).ToList();
        return new(
            sent with { Hash = isWhole ? sent.Hash : null, Columns = [.. loaded.Select(pair => pair.First)] },
            [.. loaded.Select(pair => pair.Second!)],
            load.Trail)
        {
            FilledUp = [.. loaded.Where(pair => IsChar(typeOf?.Invoke(pair.Second!)) && !IsChar(SourceType.Find(load.Manifest, pair.First.Name)?.Name)).Select(pair => pair.Second!)],
        };
    }

    /// <summary>Of objects without a row or even a header: the extract must have said so.</summary>
    /// <returns>Null when nothing is to be compared.</returns>
    /// <exception cref="TaskFailedException">The objects carry no evidence, or the extract saw rows.</exception>
    public static RowEvidence? OfNothing(TableLoad load) => load switch
    {
        { Reconcile: Reconciliation.None } => null,
        { Manifest.Meta.Sluice.Evidence: { Rows: 0 } none } => none,
        { Manifest.Meta.Sluice.Evidence: { } some } => throw new TaskFailedException($"What arrived is not what left: the extract wrote {some.Rows} rows, and all objects are empty."),
        _ => throw new TaskFailedException(NoEvidence),
    };

    /// <summary>Asks a database for the same of rows that have the alias <c>t</c>.</summary>
    /// <param name="from">What stands behind FROM.</param>
    /// <param name="dialect">The database's.</param>
    public EvidenceQuestion Ask(string from, string dialect)
    {
        var query = $"SELECT {string.Join(", ", Columns.Zip(Evidence.Columns, (column, sent) => $"{Value(column)} AS {SqlNames.Quote(sent.Name)}"))} FROM {from}";
        return Evidence.Hash is null && dialect != Sqlite ? EvidenceQuestion.OfCounts(query, dialect, Evidence.Columns) : EvidenceQuestion.OfRows(query, Evidence.Columns, Evidence.Hash is not null);
    }

    /// <summary>Compares all that was sent with what was seen; of rows that were refused only their number can be.</summary>
    /// <param name="seen">What was seen.</param>
    /// <param name="place">Where: <see cref="EvidenceTrail.Objects"/> or <see cref="EvidenceTrail.Target"/>.</param>
    /// <param name="where">The same in words, for messages.</param>
    /// <param name="rejected">Rows that were refused.</param>
    /// <exception cref="TaskFailedException">They differ.</exception>
    public RowEvidence RequireAll(RowEvidence seen, string place, string where, long rejected)
    {
        if (rejected == 0)
        {
            Trail.Require(EvidenceTrail.Manifest, "the extract", Evidence, place, where, seen);
            return seen;
        }

        Trail.See(EvidenceTrail.Manifest, Evidence, "the extract");
        Trail.See(place, seen, $"{where}, without {rejected} rows that were refused");
        if (seen.Rows + rejected != Evidence.Rows)
        {
            var difference = $"the extract wrote {Evidence.Rows} rows; {seen.Rows} are in {where}, and {rejected} were refused";
            Trail.Differ(EvidenceTrail.Manifest, place, [difference]);
            throw new TaskFailedException($"What arrived is not what left: {difference}.");
        }

        return seen;
    }

    private string Value(string column) => FilledUp.Contains(column) ? $"RTRIM(t.{SqlNames.Quote(column)})" : $"t.{SqlNames.Quote(column)}";

    private static bool IsText(string? type) => type is not null && (type == "text" || type.StartsWith("character", StringComparison.Ordinal) || type.StartsWith("varchar", StringComparison.Ordinal));

    private static bool IsChar(string? type) => type is not null && type.StartsWith("character", StringComparison.Ordinal) && !type.StartsWith("character varying", StringComparison.Ordinal);

    /// <summary>Compares what was to be merged with what is in the table.</summary>
    /// <exception cref="TaskFailedException">They differ.</exception>
    public void RequireMerged(RowEvidence merged, string table, RowEvidence seen) =>
        Trail.Require(EvidenceTrail.Merged, "what was loaded", merged, EvidenceTrail.Target, $"table {table}", seen);
}
