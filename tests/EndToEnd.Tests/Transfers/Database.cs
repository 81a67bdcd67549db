using Npgsql;

namespace Sluice.EndToEnd.Tests.Transfers;

/// <summary>Looks into a PostgreSQL past everything that is tested.</summary>
internal static class Database
{
    /// <returns>The first value of the first row; null when there is none.</returns>
    public static async Task<object?> AskAsync(string connection, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connection);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }
}
