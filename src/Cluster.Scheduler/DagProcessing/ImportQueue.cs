namespace Sluice.Scheduler.DagProcessing;

/// <summary>Which Dag file is imported next. Edited files go first, those that were slow last; a slow one gives its lane up and goes on beside the others.</summary>
/// <param name="lanes">Files at once, but for slow ones; as many slow ones may go on beside them.</param>
internal sealed class ImportQueue(int lanes)
{
    // A process takes a second to start and a file a few hundredths: another lane pays when this many wait.
    private const int FilesPerLane = 8;

    private readonly LinkedList<string> _edited = [];
    private readonly LinkedList<string> _new = [];
    private readonly LinkedList<string> _slow = [];
    private readonly HashSet<string> _waiting = new(StringComparer.Ordinal);
    private readonly HashSet<string> _offenders = new(StringComparer.Ordinal);
    private readonly Dictionary<string, bool> _running = new(StringComparer.Ordinal); // true: slow

    public int Waiting => _waiting.Count;

    public IReadOnlyCollection<string> Running => _running.Keys;

    /// <summary>Once is enough for one that waits; one that is being imported is imported again.</summary>
    public void Enqueue(string file, bool edited)
    {
        if (_waiting.Add(file))
        {
            (_offenders.Contains(file) ? _slow : edited ? _edited : _new).AddLast(file);
        }
    }

    /// <summary>It is being imported from now on; null when none may be.</summary>
    public string? Next()
    {
        var slow = _running.Count(entry => entry.Value);
        if (_running.Count - slow >= Math.Min(lanes, 1 + (_waiting.Count / FilesPerLane)) || _running.Count >= 2 * lanes)
        {
            return null;
        }

        // With every lane beside taken by slow ones, another offender would take one from the quick.
        var file = Take(_edited) ?? Take(_new) ?? (slow < lanes && !_running.Keys.Any(f => _offenders.Contains(f) && !_running[f]) ? Take(_slow) : null);
        if (file is not null)
        {
            _waiting.Remove(file);
            _running.Add(file, false);
        }

        return file;
    }

    /// <summary>It has run for long: the next one takes its lane.</summary>
    public void IsSlow(string file)
    {
        if (_running.ContainsKey(file))
        {
            _running[file] = true;
            _offenders.Add(file);
        }
    }

    public void Finished(string file)
    {
        if (_running.Remove(file, out var slow) && !slow)
        {
            _offenders.Remove(file);
        }
    }

    /// <summary>The file is gone.</summary>
    public void Forget(string file)
    {
        _offenders.Remove(file);
        if (_waiting.Remove(file))
        {
            _ = _edited.Remove(file) || _new.Remove(file) || _slow.Remove(file);
        }
    }

    private string? Take(LinkedList<string> files)
    {
        for (var node = files.First; node is not null; node = node.Next)
        {
            if (!_running.ContainsKey(node.Value))
            {
                files.Remove(node);
                return node.Value;
            }
        }

        return null;
    }
}
