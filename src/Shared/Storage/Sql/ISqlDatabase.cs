namespace Sluice.Storage.Sql;

/// <summary>What the statements that both engines share need of an engine. Parameters are <c>$1</c>, <c>$2</c>, ...</summary>
/// <remarks>Values: string, long, int, short, bool, byte[], DateTimeOffset or null.</remarks>
internal interface ISqlDatabase
{
    /// <summary>One statement in a transaction of its own.</summary>
    /// <returns>Rows affected.</returns>
    ValueTask<int> ExecuteAsync(string sql, object?[] values, CancellationToken cancellationToken);

    ValueTask<List<T>> QueryAsync<T>(string sql, object?[] values, Func<SqlRow, T> read, CancellationToken cancellationToken);
}
