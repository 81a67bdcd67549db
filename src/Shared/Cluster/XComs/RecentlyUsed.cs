using System.Diagnostics.CodeAnalysis;

namespace Sluice.Cluster.XComs;

/// <summary>Keeps what was used lately, up to a number of bytes. Safe for many threads.</summary>
/// <param name="room">Bytes that all values may take together; one that takes more is not kept.</param>
/// <param name="size">Bytes of a value, about.</param>
public sealed class RecentlyUsed<TKey, TValue>(long room, Func<TValue, long> size)
    where TKey : notnull
{
    private readonly Dictionary<TKey, LinkedListNode<(TKey Key, TValue Value)>> _values = [];
    private readonly LinkedList<(TKey Key, TValue Value)> _order = [];
    private readonly Lock _gate = new();
    private long _taken;

    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        lock (_gate)
        {
            if (!_values.TryGetValue(key, out var node))
            {
                value = default;
                return false;
            }

            _order.Remove(node);
            _order.AddFirst(node);
            value = node.Value.Value;
            return true;
        }
    }

    public void Put(TKey key, TValue value)
    {
        lock (_gate)
        {
            Remove(key);
            _values[key] = _order.AddFirst((key, value));
            _taken += size(value);
            while (_taken > room)
            {
                Remove(_order.Last!.Value.Key);
            }
        }
    }

    public void Remove(TKey key)
    {
        lock (_gate)
        {
            if (_values.Remove(key, out var node))
            {
                _order.Remove(node);
                _taken -= size(node.Value.Value);
            }
        }
    }

    /// <summary>Forgets every value whose key fits.</summary>
    public void RemoveAll(Func<TKey, bool> fits)
    {
        lock (_gate)
        {
            foreach (var key in _values.Keys.Where(fits).ToList())
            {
                Remove(key);
            }
        }
    }
}
