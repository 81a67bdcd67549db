using System.Collections;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;

namespace Sluice.Providers.MySql.AdoNet;

/// <summary>The parameters of a command, by position and by name (with or without <c>@</c>; case matters).</summary>
[SuppressMessage("Design", "CA1010", Justification = "ADO.NET fixes what its collections implement.")]
public sealed class MySqlParameterCollection : DbParameterCollection
{
    private readonly List<MySqlParameter> _all = [];

    /// <inheritdoc/>
    public override int Count => _all.Count;

    /// <inheritdoc/>
    public override object SyncRoot => ((ICollection)_all).SyncRoot;

    /// <summary>Adds a value under a name.</summary>
    public MySqlParameter AddWithValue(string name, object? value)
    {
        var parameter = new MySqlParameter(name, value);
        _all.Add(parameter);
        return parameter;
    }

    /// <inheritdoc/>
    public override int Add(object value)
    {
        _all.Add((MySqlParameter)value);
        return _all.Count - 1;
    }

    /// <inheritdoc/>
    public override void AddRange(Array values) => _all.AddRange(values.Cast<MySqlParameter>());

    /// <inheritdoc/>
    public override void Clear() => _all.Clear();

    /// <inheritdoc/>
    public override bool Contains(object value) => IndexOf(value) >= 0;

    /// <inheritdoc/>
    public override bool Contains(string value) => IndexOf(value) >= 0;

    /// <inheritdoc/>
    public override void CopyTo(Array array, int index) => ((ICollection)_all).CopyTo(array, index);

    /// <inheritdoc/>
    public override IEnumerator GetEnumerator() => _all.GetEnumerator();

    /// <inheritdoc/>
    public override int IndexOf(object value) => value is MySqlParameter parameter ? _all.IndexOf(parameter) : -1;

    /// <inheritdoc/>
    public override int IndexOf(string parameterName) => _all.FindIndex(parameter => parameter.BareName == parameterName.TrimStart('@'));

    /// <inheritdoc/>
    public override void Insert(int index, object value) => _all.Insert(index, (MySqlParameter)value);

    /// <inheritdoc/>
    public override void Remove(object value) => _all.Remove((MySqlParameter)value);

    /// <inheritdoc/>
    public override void RemoveAt(int index) => _all.RemoveAt(index);

    /// <inheritdoc/>
    public override void RemoveAt(string parameterName) => _all.RemoveAt(Require(parameterName));

    /// <inheritdoc/>
    protected override DbParameter GetParameter(int index) => _all[index];

    /// <inheritdoc/>
    protected override DbParameter GetParameter(string parameterName) => _all[Require(parameterName)];

    /// <inheritdoc/>
    protected override void SetParameter(int index, DbParameter value) => _all[index] = (MySqlParameter)value;

    /// <inheritdoc/>
    protected override void SetParameter(string parameterName, DbParameter value) => _all[Require(parameterName)] = (MySqlParameter)value;

    internal Dictionary<string, object?> ToValues()
    {
        var values = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var parameter in _all)
        {
            values[parameter.BareName] = parameter.Value;
        }

        return values;
    }

    private int Require(string name)
    {
        var index = IndexOf(name);
        return index >= 0 ? index : throw new ArgumentException($"The command has no parameter '{name}'.", nameof(name));
    }
}
