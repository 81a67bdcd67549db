using Sluice.Core.Connections;

namespace Sluice.Authoring.Hooks;

/// <summary>Settings of a database's connection that are ours and not the driver's.</summary>
public static class DataPolicySettings
{
    /// <summary>Id of the connection that backfills read instead of this one.</summary>
    public const string Replica = "replica";

    /// <summary>Columns tagged as personal, with commas between.</summary>
    public const string PersonalColumns = "personal_columns";

    /// <summary>The connection as its driver takes it.</summary>
    internal static Connection ForDriver(Connection connection) =>
        connection.Extra.ContainsKey(Replica) || connection.Extra.ContainsKey(PersonalColumns)
            ? connection with
            {
                Extra = connection.Extra.Where(one => one.Key is not (Replica or PersonalColumns)).ToDictionary(StringComparer.Ordinal),
            }
            : connection;

    /// <summary>Columns that a connection tags as personal.</summary>
    public static IReadOnlyList<string> PersonalOf(Connection connection) =>
        connection.Extra.TryGetValue(PersonalColumns, out var names) ? names.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) : [];
}
