using Sluice.Cluster.Wire;
using Sluice.Cluster.XComs;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.XComs;

/// <summary>Hands out single elements of XComs: what thousands of mapped instances ask for, each its own, is read from the database once.</summary>
/// <remarks>
/// The journal tells of every change before anybody else hears of it, so that what is kept here is what is on disk. A leadership begins with nothing.
/// </remarks>
internal sealed class XComLists(IReadModel readModel)
{
    private const long Room = 32 * 1024 * 1024;

    private readonly RecentlyUsed<Name, XComList> _known = new(Room, list => list.Size);
    private readonly Dictionary<Name, object> _reading = [];
    private readonly Lock _gate = new();

    /// <summary>The elements that a slice asks for; null when there is no such XCom.</summary>
    /// <exception cref="XComNoListException">It is neither a list nor an object.</exception>
    public async ValueTask<XComItemParts?> TakeAsync(long run, string task, string key, XComSlice slice, CancellationToken cancellationToken)
    {
        var name = new Name(run, task, key);
        return (_known.TryGet(name, out var known) ? known : await ReadAsync(name, cancellationToken))?.Take(slice);
    }

    /// <summary>Told of everything that was written.</summary>
    public void OnWritten(ReadModelChange change)
    {
        switch (change)
        {
            case XComRow row:
                Forget(new(row.Run, row.Task.Value, row.Key));
                if (row.Task.Value.LastIndexOf('[') is > 0 and var at)
                {
                    Forget(new(row.Run, row.Task.Value[..at], row.Key));
                }

                break;
            case TasksRenamedRow:
                Clear();
                break;
            case XComsCleared cleared:
                ForgetAll(name => name.Run == cleared.Run && (cleared.Task is not { } task || IsOf(name.Task, task.Value)));
                break;
        }
    }

    /// <summary>Another leader may have written meanwhile.</summary>
    public void Clear() => ForgetAll(_ => true);

    private async ValueTask<XComList?> ReadAsync(Name name, CancellationToken cancellationToken)
    {
        var reading = new object();
        lock (_gate)
        {
            _reading[name] = reading;
        }

        try
        {
            var list = await FindAsync(name, cancellationToken);
            lock (_gate)
            {
                // Else it was changed while it was read, or somebody else reads it, too.
                if (list is not null && _reading.GetValueOrDefault(name) == reading)
                {
                    _known.Put(name, list);
                }
            }

            return list;
        }
        finally
        {
            lock (_gate)
            {
                if (_reading.GetValueOrDefault(name) == reading)
                {
                    _reading.Remove(name);
                }
            }
        }
    }

    private async ValueTask<XComList?> FindAsync(Name name, CancellationToken cancellationToken)
    {
        if (await readModel.FindXComAsync(name.Run, new(name.Task), name.Key, cancellationToken) is not { } one)
        {
            var rows = await readModel.ListMappedXComsAsync(name.Run, new(name.Task), name.Key, cancellationToken);
            return rows.Count == 0 ? null : new(null, rows, null);
        }

        return one.Object is { } uri
            ? new(null, null, uri)
            : new(JsonItems.Of(one.Value) ?? throw new XComNoListException($"XCom '{name.Key}' of task '{name.Task}' is neither a list nor an object: it has no elements."), null, null);
    }

    private void Forget(Name name)
    {
        lock (_gate)
        {
            _known.Remove(name);
            _reading.Remove(name);
        }
    }

    private void ForgetAll(Func<Name, bool> fits)
    {
        lock (_gate)
        {
            _known.RemoveAll(fits);
            foreach (var name in _reading.Keys.Where(fits).ToList())
            {
                _reading.Remove(name);
            }
        }
    }

    private static bool IsOf(string name, string cleared) =>
        name == cleared || (cleared.StartsWith(name, StringComparison.Ordinal) && cleared[name.Length] == '[');

    private readonly record struct Name(long Run, string Task, string Key);

    /// <summary>A value in the database, the values of a mapped task's instances, or a value in the object store.</summary>
    private sealed record XComList(JsonItems? Items, IReadOnlyList<XComRow>? Rows, string? Object)
    {
        public long Size => 200 + (Items?.Size ?? 0) + (Rows?.Sum(row => 200 + (2L * row.Value.Length)) ?? 0);

        public XComItemParts Take(XComSlice slice)
        {
            if (Items is not null)
            {
                var items = Items.Take(slice);
                return new(items.Length, [.. items.Values.Select(value => new XComPart(value, null))]);
            }

            if (Rows is null)
            {
                return new(0, [], Object);
            }

            var (from, count) = slice.In(Rows.Count);
            var parts = new List<XComPart>(count);
            var length = 0;
            while (parts.Count < count && length < XComSlice.MaxChars)
            {
                var row = Rows[from + parts.Count];
                parts.Add(row.Object is null ? new(row.Value, null) : new(null, row.Object));
                length += row.Value.Length;
            }

            return new(Rows.Count, parts);
        }
    }
}

/// <summary>Somebody asked for an element of what has none.</summary>
internal sealed class XComNoListException(string message) : Exception(message);
