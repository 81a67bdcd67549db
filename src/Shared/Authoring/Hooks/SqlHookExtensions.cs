using System.Globalization;

namespace Sluice.Authoring.Hooks;

/// <summary>Short forms for the code of Dag files.</summary>
public static class SqlHookExtensions
{
    /// <summary>The first value of the first row; the default of <typeparamref name="T"/> when there is no row or it is NULL.</summary>
    /// <param name="sql">The session.</param>
    /// <param name="query">A query.</param>
    /// <param name="parameters">Values for <c>@name</c> placeholders.</param>
    /// <param name="cancellationToken">Cancelling stops the query on the server too.</param>
    /// <exception cref="InvalidCastException">The value is none of type <typeparamref name="T"/>.</exception>
    public static async ValueTask<T?> ScalarAsync<T>(
        this ISqlHook sql, string query, IReadOnlyDictionary<string, object?>? parameters = null, CancellationToken cancellationToken = default)
    {
        var rows = await sql.QueryAsync(query, parameters, limit: 1, cancellationToken);
        return rows is [[{ } value, ..], ..]
            ? value is T typed ? typed : (T)Convert.ChangeType(value, Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T), CultureInfo.InvariantCulture)
            : default;
    }
}
