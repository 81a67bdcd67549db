using System.Globalization;
using System.Reflection;

namespace Sluice.Storage.Migrations;

/// <summary>One numbered step of the schema: <c>0001_journal.sql</c>. A step that has been released never changes.</summary>
internal sealed record Migration(int Version, string Name, string Sql)
{
    /// <summary>The steps embedded in an engine's assembly, in order, without gaps.</summary>
    public static IReadOnlyList<Migration> Of(Assembly engine)
    {
        var steps = engine.GetManifestResourceNames()
            .Where(name => name.Length > 5 && name[4] == '_' && char.IsAsciiDigit(name[0]))
            .Order(StringComparer.Ordinal)
            .Select(name =>
            {
                using var reader = new StreamReader(engine.GetManifestResourceStream(name)!);
                return new Migration(int.Parse(name.AsSpan(0, 4), CultureInfo.InvariantCulture), name[5..], reader.ReadToEnd());
            })
            .ToList();
        for (var i = 0; i < steps.Count; i++)
        {
            if (steps[i].Version != i + 1)
            {
                throw new InvalidOperationException($"Migration {i + 1} is missing from {engine.GetName().Name}.");
            }
        }

        return steps;
    }

    public static StoreException NewerSchema(string database, int found, int known) => new(
        "store.newer_schema",
        $"The schema of {database} is at version {found}; this Sluice knows versions up to {known}. Upgrade Sluice, or use the version that wrote it.");
}
