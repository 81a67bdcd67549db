using Sluice.Core.Connections;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Hooks;

/// <summary>A project that knows one outside system puts what it has into the catalog.</summary>
public interface IProvider
{
    /// <summary>Adds operators, hooks, stores and loaders.</summary>
    void Register(ProviderCatalog catalog);
}

/// <summary>Operators by name; hooks, stores and loaders by connection type. Filled once at start, read afterwards.</summary>
public sealed class ProviderCatalog
{
    private readonly Dictionary<string, Type> _operators = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Type> _notifiers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Func<Connection, ISqlHook>> _sql = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Func<Connection?, IObjectStore>> _stores = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Func<Connection, ITableLoader>> _loaders = new(StringComparer.Ordinal);

    /// <summary>Names of the operators, for YAML and error messages.</summary>
    public IEnumerable<string> Operators => _operators.Keys;

    /// <summary>Names of the notifiers, for YAML and error messages.</summary>
    public IEnumerable<string> Notifiers => _notifiers.Keys;

    /// <summary>Adds whatever a provider has.</summary>
    public ProviderCatalog Add(IProvider provider)
    {
        provider.Register(this);
        return this;
    }

    /// <summary>Adds a built-in operator under its class name. Built-in operators run inside the worker.</summary>
    public void AddOperator<T>()
        where T : Operator, new() => _operators.Add(typeof(T).Name, typeof(T));

    /// <summary>Adds a built-in notifier under its class name.</summary>
    public void AddNotifier<T>()
        where T : Callbacks.Notifier, new() => _notifiers.Add(typeof(T).Name, typeof(T));

    /// <summary>Adds the SQL hook of a connection type.</summary>
    public void AddSql(string connectionType, Func<Connection, ISqlHook> open) => _sql.Add(connectionType, open);

    /// <summary>Adds the object store of a URI scheme.</summary>
    public void AddObjectStore(string scheme, Func<Connection?, IObjectStore> open) => _stores.Add(scheme, open);

    /// <summary>Adds the loader of a connection type.</summary>
    public void AddLoader(string connectionType, Func<Connection, ITableLoader> open) => _loaders.Add(connectionType, open);

    /// <summary>The class of a built-in operator; null when there is none by that name.</summary>
    public Type? FindOperator(string name) => _operators.GetValueOrDefault(name);

    /// <summary>The class of a built-in notifier; null when there is none by that name.</summary>
    public Type? FindNotifier(string name) => _notifiers.GetValueOrDefault(name);

    /// <summary>Opens the SQL hook of a connection.</summary>
    /// <exception cref="TaskFailedException">The connection's type has none.</exception>
    public ISqlHook OpenSql(Connection connection) => Find(_sql, connection.Type, connection.Id, "an SQL database")(DataPolicySettings.ForDriver(connection));

    /// <summary>Opens the store of a URI scheme.</summary>
    /// <exception cref="TaskFailedException">The scheme has none.</exception>
    public IObjectStore OpenObjectStore(string scheme, Connection? connection) => Find(_stores, scheme, connection?.Id, "an object store")(connection);

    /// <summary>Opens the loader of a connection.</summary>
    /// <exception cref="TaskFailedException">The connection's type has none.</exception>
    public ITableLoader OpenLoader(Connection connection) => Find(_loaders, connection.Type, connection.Id, "a database that can be loaded")(DataPolicySettings.ForDriver(connection));

    private static T Find<T>(Dictionary<string, T> known, string type, string? id, string what) =>
        known.TryGetValue(type, out var found)
            ? found
            : throw new TaskFailedException(
                $"{(id is null ? $"'{type}://'" : $"Connection '{id}' of type '{type}'")} is not {what}; known: {string.Join(", ", known.Keys.Order(StringComparer.Ordinal))}.");
}
